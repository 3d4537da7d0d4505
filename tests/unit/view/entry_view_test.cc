#include "view/entry_view.h"
#include "view/entry_json.h"
#include "view/entry_text.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "columns.h"
#include "fakes/fake_time.h"
#include "fakes/patterns.h"

using namespace tlspolicyd;
using Json = nlohmann::ordered_json;

namespace {

const FakeTime kTime;  // it is 2027-01-26T21:46:40Z

Entry entry_of(std::string_view domain, Mode mode = Mode::enforce) {
  Entry entry{.domain = *Domain::parse(domain)};
  const LifeTime now = kTime.life();
  entry.held = std::make_shared<const HeldPolicy>(
      HeldPolicy{{mode, seconds(604'800), patterns({"mx1.d.example", "*.mx.d.example"}), "version: STSv1"},
                 "20260101",
                 now - seconds(3'600)});
  entry.current_until = now + seconds(300);
  entry.checked = now - seconds(60);
  entry.last_asked = now - seconds(5);
  return entry;
}

EntryView view_of(const Entry& entry,
                  std::string reply = "OK secure match=mx1.d.example:.mx.d.example servername=hostname",
                  std::string_view verdict = "secure") {
  return tlspolicyd::view_of(entry, kTime, {std::move(reply), verdict});
}

EntryView absence() {
  Entry entry{.domain = *Domain::parse("absent.example")};
  entry.current_until = kTime.life() + seconds(60);
  entry.checked = kTime.life();
  return view_of(entry, "NOTFOUND ", "none");
}

EntryView failing() {
  Entry entry = entry_of("d.example");
  Failure failure;
  failure.result = StsResult::sts_webpki_invalid;
  failure.since = kTime.life() - seconds(86'400);
  failure.count = 12;
  failure.detail = "cert_expired: " + kHostile;
  entry.failure = std::make_shared<const Failure>(failure);
  return view_of(entry);
}

}  // namespace

TEST_CASE("entry: the JSON object has the members of the contract, in its order") {
  CHECK(entry_json(view_of(entry_of("d.example"))) ==
        R"({"domain":"d.example","verdict":"secure","mode":"enforce","id":"20260101",)"
        R"("mx":["mx1.d.example","*.mx.d.example"],"max_age":604800,)"
        R"("fetched":"2027-01-26T20:46:40Z","expires":"2027-02-02T20:46:40Z",)"
        R"("checked":"2027-01-26T21:45:40Z","last_asked":"2027-01-26T21:46:35Z","dane":null,)"
        R"("reply":"OK secure match=mx1.d.example:.mx.d.example servername=hostname","failure":null})");
}

TEST_CASE("entry: a remembered absence has nulls, and an end") {
  CHECK(entry_json(absence()) ==
        R"({"domain":"absent.example","verdict":"none","mode":null,"id":null,"mx":null,"max_age":null,)"
        R"("fetched":null,"expires":"2027-01-26T21:47:40Z","checked":"2027-01-26T21:46:40Z",)"
        R"("last_asked":null,"dane":null,"reply":"NOTFOUND ","failure":null})");
}

TEST_CASE("entry: a failure in JSON") {
  const Json json = Json::parse(entry_json(failing()));
  CHECK(json["failure"].size() == 4);
  CHECK(json["failure"]["result"] == "sts-webpki-invalid");
  CHECK(json["failure"]["since"] == "2027-01-25T21:46:40Z");
  CHECK(json["failure"]["count"] == 12);
}

TEST_CASE("entry: JSON is ASCII and parses whatever remote octets it carries") {
  EntryView view = failing();
  view.id = kHostile;
  view.mx = {kHostile};
  view.reply = kHostile;
  const std::string line = entry_json(view);
  check_json_line(line);
  CHECK(Json::parse(line)["failure"]["count"] == 12);
}

TEST_CASE("entry: what JSON says is read back") {
  const EntryView view =
      GENERATE(view_of(entry_of("d.example")), absence(), view_of(entry_of("t.example", Mode::testing)));
  CHECK(*parse_entry_json(entry_json(view)) == view);
}

TEST_CASE("entry: JSON of another shape is refused or read as far as it goes") {
  for (const char* text : {"", "[]", "null", "{", R"({"domain":1})", R"({"domain":"d.example"})"})
    CHECK_FALSE(parse_entry_json(text));
  const auto view = parse_entry_json(
      R"({"domain":"d.example","verdict":"none","mode":5,"mx":"x","max_age":-1,"fetched":"soon","failure":[]})");
  REQUIRE(view);
  CHECK_FALSE(view->mode);
  CHECK(view->mx.empty());
  CHECK_FALSE(view->max_age);
  CHECK_FALSE(view->fetched);
  CHECK_FALSE(view->failure);
}

TEST_CASE("entry: the table") {
  const WallTime now = kTime.wall();
  CHECK(entry_table_head() == "DOMAIN                           MODE    ID             EXPIRES     DANE   FAILS\n");
  CHECK(entry_table_row(view_of(entry_of("d.example")), now) ==
        "d.example                        enforce 20260101       in 6d 23h   -\n");
  CHECK(entry_table_row(failing(), now) ==
        "d.example                        enforce 20260101       in 6d 23h   -      !12\n");
  CHECK(entry_table_row(absence(), now) == "absent.example                   -       -              in 1m       -\n");
  CHECK(entry_table_row(view_of(entry_of("a-rather-long-name-for-a-domain.and-yet-a-longer-one.d.example")), now) ==
        "a-rather-...longer-one.d.example enforce 20260101       in 6d 23h   -\n");
}

TEST_CASE("entry: the table has a word for DANE") {
  const auto [status, hosts, word] =
      GENERATE(table<const char*, std::vector<const char*>, const char*>({{"signed", {"usable", "usable"}, "usable"},
                                                                          {"signed", {"usable", "none"}, "mixed"},
                                                                          {"signed", {"unusable"}, "unfit"},
                                                                          {"signed", {"none"}, "none"},
                                                                          {"unsigned", {}, "none"},
                                                                          {"failed", {"usable"}, "failed"}}));
  EntryView view = view_of(entry_of("d.example"));
  view.dane = DaneView{"d.example", status, kTime.wall(), {}};
  for (const char* state : hosts) view.dane->hosts.push_back({"mx1.d.example", state, "reason"});
  const std::string row = entry_table_row(view, kTime.wall());
  CHECK(row == "d.example                        enforce 20260101       in 6d 23h   " + std::string(word) + "\n");
}

TEST_CASE("entry: DANE shows each next hop and each host with its state and reason") {
  Entry entry = entry_of("d.example");
  const DaneStatus mixed{MxState::signed_records,
                         {{"mx1.d.example", HostFinding::tlsa_usable}, {"mx2.d.example", HostFinding::tlsa_failed}}};
  const LifeTime now = kTime.life();
  entry.dane = with_hop(
      nullptr, learned(nullptr, {true, 587}, {MxState::signed_records, {{"d.example", HostFinding::tlsa_absent}}},
                       seconds(60), now));
  entry.dane = with_hop(entry.dane, learned(nullptr, {}, mixed, seconds(300), now));
  const EntryView view = view_of(entry);
  const std::string json = entry_json(view);
  CHECK(json.find(R"("dane":{"next_hop":"d.example","status":"signed","expires":")" +
                  rfc3339(kTime.wall() + seconds(300)) +
                  R"(","hosts":[{"host":"mx1.d.example","state":"usable","reason":"tlsa_usable"},)"
                  R"({"host":"mx2.d.example","state":"failed","reason":"tlsa_failed"}]})") != json.npos);
  CHECK(json.find(R"("next_hops":[{"next_hop":"[d.example]:587")") != json.npos);
  CHECK(*parse_entry_json(json) == view);
  const std::string text = entry_text(view, kTime.wall());
  CHECK(text.find("DANE        d.example: MX signed; until ") != text.npos);
  CHECK(text.find("            mx2.d.example: failed (tlsa_failed)\n") != text.npos);
  CHECK(text.find("DANE        [d.example]:587: MX signed; until ") != text.npos);
}

TEST_CASE("entry: a status whose MX records cannot be looked up any more shows the hosts last seen") {
  Entry entry = entry_of("d.example");
  const HopDane seen = learned(nullptr, {}, {MxState::signed_records, {{"mx1.d.example", HostFinding::tlsa_usable}}},
                               seconds(60), kTime.life());
  entry.dane = with_hop(nullptr, learned(&seen, {}, {}, seconds(0), kTime.life() + seconds(61)));
  const EntryView view = view_of(entry);
  CHECK(view.dane->status == "failed");
  CHECK(view.dane->hosts.size() == 1);
}

TEST_CASE("entry: the table keeps to 80 columns whatever it shows") {
  EntryView view = failing();
  view.domain = std::string(200, 'd') + ".example";
  view.id = std::string(32, 'i');
  view.failure->count = 4'000'000'000;
  view.expires = *view.expires - seconds(40'000 * 86'400LL);
  check_lines(entry_table_head() + entry_table_row(view, kTime.wall()));
  view.domain = view.id.emplace(kHostile);
  check_lines(entry_table_row(view, kTime.wall()));
}

TEST_CASE("entry: in full") {
  CHECK(entry_text(view_of(entry_of("d.example")), kTime.wall()) ==
        "domain      d.example\n"
        "verdict     secure: only to hosts of the policy, with a valid certificate\n"
        "mode        enforce\n"
        "id          20260101\n"
        "patterns    mx1.d.example\n"
        "            *.mx.d.example\n"
        "max age     604800 s (7d)\n"
        "fetched     2027-01-26T20:46:40Z (1h ago)\n"
        "expires     2027-02-02T20:46:40Z (in 6d 23h)\n"
        "checked     2027-01-26T21:45:40Z (1m ago)\n"
        "last asked  2027-01-26T21:46:35Z (5s ago)\n"
        "reply       \"OK secure match=mx1.d.example:.mx.d.example servername=hostname\"\n");
}

TEST_CASE("entry: in full, every line fits and is safe") {
  EntryView view = failing();
  view.mx.assign(40, std::string(240, 'm'));
  view.reply = "OK secure match=" + std::string(5'000, 'x');
  check_lines(entry_text(view, kTime.wall()));
  check_lines(entry_text(absence(), kTime.wall()));
  const std::string text = entry_text(failing(), kTime.wall());
  CHECK(text.find("sts-webpki-invalid, 12 in a row since 2027-01-25T21:46:40Z (1d ago)") != text.npos);
}

TEST_CASE("entry: a policy whose mx lines no host name can match says so in place of its patterns") {
  EntryView view = view_of(entry_of("d.example"));
  view.mx.clear();
  CHECK(entry_text(view, kTime.wall()).find("patterns    none that a host name can match\n") != std::string::npos);
  view.mode = "none";
  CHECK(entry_text(view, kTime.wall()).find("patterns") == std::string::npos);
}
