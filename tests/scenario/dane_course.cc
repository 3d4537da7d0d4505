// DANE precedence over time: what a question costs, what it waits for, what is kept.
#include <algorithm>
#include <set>

#include "catch.h"
#include "dane_world.h"

using namespace tlspolicyd;

namespace {

using Asked = std::multiset<std::string>;

Asked asked_of(const World& world) {
  Asked out;
  for (const DnsQuestion& question : world.dns.asked)
    out.insert(std::string(name_of(question.type)) + " " + question.name);
  return out;
}

void publish_two_hosts(DaneWorld& world) {
  world.publish("d.example", "a", kEnforce);
  world.set_mx("d.example", {"mx1.d.example", "mx2.d.example"}, kSigned);
  world.set_none("mx1.d.example");
  world.set_none("mx2.d.example");
}

}  // namespace

TEST_CASE("a first question asks for what can matter, and nothing twice") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  CHECK(asked_of(world) == Asked{"TXT _mta-sts.d.example", "A mta-sts.d.example", "AAAA mta-sts.d.example",
                                 "MX d.example", "A mx1.d.example", "AAAA mx1.d.example", "TLSA _25._tcp.mx1.d.example",
                                 "A mx2.d.example", "AAAA mx2.d.example", "TLSA _25._tcp.mx2.d.example"});
}

TEST_CASE("a host costs A, AAAA, one CNAME and two TLSA at the most") {
  DaneWorld world;
  world.publish("d.example", "a", kEnforce);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  const bool expansion_signed = GENERATE(true, false);
  const DnsAnswer alias{.status = DnsStatus::found,
                        .records = {AddressRdata{*parse_ip("1.2.3.5")}},
                        .chain = {"host.prov.example"},
                        .authentic = expansion_signed,
                        .ttl = 300s};
  for (const RrType type : {RrType::a, RrType::aaaa}) world.dns.set("mx1.d.example", type, alias);
  world.dns.set_records("mx1.d.example", RrType::cname, {CnameRdata{"host.prov.example"}}, kSigned);
  for (const char* host : {"host.prov.example", "mx1.d.example"}) world.set_no_tlsa(host);
  REQUIRE(world.ask("d.example") == kSecure);
  Asked asked{"TXT _mta-sts.d.example", "A mta-sts.d.example", "AAAA mta-sts.d.example",     "MX d.example",
              "A mx1.d.example",        "AAAA mx1.d.example",  "TLSA _25._tcp.mx1.d.example"};
  asked.insert(expansion_signed ? "TLSA _25._tcp.host.prov.example" : "CNAME mx1.d.example");
  CHECK(asked_of(world) == asked);
}

TEST_CASE("a domain without TXT costs exactly TXT where dane_reply is notfound") {
  DaneWorld world;
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_usable("mx1.d.example");
  CHECK(world.ask("d.example") == kNothing);
  CHECK(asked_of(world) == Asked{"TXT _mta-sts.d.example"});
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.dns.asked.size() == 1);
}

TEST_CASE("hosts that are aliases of one name share its TLSA question; a name twice in MX is asked once") {
  DaneWorld world;
  world.publish("d.example", "a", kEnforce);
  world.set_mx("d.example", {"mx1.d.example", "mx2.d.example", "mx1.d.example"}, kSigned);
  const DnsAnswer alias{.status = DnsStatus::found,
                        .records = {AddressRdata{*parse_ip("1.2.3.5")}},
                        .chain = {"host.prov.example"},
                        .authentic = true,
                        .ttl = 300s};
  for (const char* host : {"mx1.d.example", "mx2.d.example"})
    for (const RrType type : {RrType::a, RrType::aaaa}) world.dns.set(host, type, alias);
  world.set_tlsa("host.prov.example", kSigned);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.dns.count("_25._tcp.host.prov.example", RrType::tlsa) == 1);
  CHECK(world.dns.count("mx1.d.example", RrType::a) == 1);
}

TEST_CASE("no more than the twenty hosts that come first are asked") {
  DaneWorld world;
  world.publish("d.example", "a", kEnforce);
  std::vector<std::string> hosts;
  for (int i = 100; i < 160; ++i) hosts.push_back("mx" + std::to_string(i) + ".d.example");
  world.set_mx("d.example", hosts, kSigned);
  for (const std::string& host : hosts) world.set_none(host);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.tlsa_questions() == kMaxDaneHosts);
  CHECK(world.dns.count("mx119.d.example", RrType::a) == 1);
  CHECK(world.dns.count("mx120.d.example", RrType::a) == 0);
}

TEST_CASE("the look-ups run beside the fetch") {
  DaneWorld world;
  publish_two_hosts(world);
  world.https.hold("mta-sts.d.example");
  CHECK(world.ask("d.example") == kNoReply);
  CHECK(world.tlsa_questions() == 2);
  world.https.release("mta-sts.d.example");
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("an answer waits for DANE, however early the policy is there") {
  DaneWorld world;
  publish_two_hosts(world);
  world.dns.hold("d.example");
  CHECK(world.ask("d.example") == kNoReply);
  world.advance(3s);
  CHECK(world.replies() == std::vector<std::string>{kNoReply});
  REQUIRE(world.entry("d.example") != nullptr);
  CHECK(world.entry("d.example")->held != nullptr);
}

TEST_CASE("at reply_timeout hosts that have not answered count as failed, and an unanswered MX as not known") {
  DaneWorld world;
  publish_two_hosts(world);
  SECTION("one dead host of two does not defer") {
    world.set_usable("mx1.d.example");
    world.dns.hold("mx2.d.example");
    CHECK(world.ask_and_wait("d.example") == kDaneOnly);
  }
  SECTION("MX") {
    world.dns.hold("d.example");
    CHECK(world.ask("d.example") == kNoReply);
    world.advance(5s);
    CHECK(world.replies() == std::vector<std::string>{"TEMP MX records of d.example cannot be looked up"});
  }
}

TEST_CASE("N-03 once MX answers again the next question after ten seconds gets the policy") {
  DaneWorld world;
  publish_two_hosts(world);
  world.dns.fail("d.example", RrType::mx, DnsStatus::server_failure);
  CHECK(world.ask("d.example").rfind("TEMP ", 0) == 0);
  publish_two_hosts(world);
  world.advance(10s);
  CHECK(world.ask("d.example").rfind("TEMP ", 0) == 0);
  world.advance(1s);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("N-01 a status past its TTL that decides about secure is waited for") {
  DaneWorld world;
  publish_two_hosts(world);
  const bool usable_before = GENERATE(false, true);
  const auto set_hosts = [&](bool usable) {
    for (const char* host : {"mx1.d.example", "mx2.d.example"}) usable ? world.set_usable(host) : world.set_none(host);
  };
  set_hosts(usable_before);
  REQUIRE(world.ask("d.example") == (usable_before ? kNothing : kSecure));
  set_hosts(!usable_before);
  world.advance(301s);
  CHECK(world.dns.count("d.example", RrType::mx) == 1);
  CHECK(world.ask("d.example") == (usable_before ? kSecure : kNothing));
  CHECK(world.dns.count("d.example", RrType::mx) == 2);
}

TEST_CASE("N-01 where the lookup does not end in time the stale status answers, with dane-only in place of NOTFOUND") {
  const bool usable = GENERATE(false, true);
  const auto after = GENERATE(301s, 3600s + 302s, 86'000s);
  DaneWorld world;
  publish_two_hosts(world);
  if (usable) world.set_usable("mx1.d.example"), world.set_usable("mx2.d.example");
  REQUIRE(world.ask("d.example") == (usable ? kNothing : kSecure));
  world.advance(after);
  world.dns.hang(true);
  CHECK(world.ask("d.example") == kNoReply);
  CHECK(world.process->service.answer_by_now({"QUERY", "d.example"}) == (usable ? kDaneOnly : kSecure));
  CHECK(world.ask_and_wait("d.example") == (usable ? kDaneOnly : kSecure));
}

TEST_CASE(
    "a status past its TTL that cannot make the answer secure answers at once and is looked up again behind the answer") {
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = DaneVerdict::dane;
  world.restart();
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_usable("mx1.d.example");
  REQUIRE(world.ask("d.example") == "OK dane");
  world.advance(301s);
  world.dns.hold("d.example");
  CHECK(world.ask("d.example") == "OK dane");
  CHECK(world.dns.count("d.example", RrType::mx) == 2);
}

TEST_CASE(
    "a status that was asked for since is renewed in time, so that nobody waits; one that was not is left alone") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  for (int lifetime = 1; lifetime <= 3; ++lifetime) {
    CHECK(world.ask("d.example") == kSecure);
    world.advance(269s);
    CHECK(world.dns.count("d.example", RrType::mx) == std::size_t(lifetime));
    world.advance(1s);
    CHECK(world.dns.count("d.example", RrType::mx) == std::size_t(lifetime) + 1);
  }
  world.advance(3600s);
  CHECK(world.dns.count("d.example", RrType::mx) == 4);
}

TEST_CASE("of two next hops of a domain that are in use each is renewed in time") {
  DaneWorld world;
  publish_two_hosts(world);
  for (const char* const host : {"mx1.d.example", "mx2.d.example"})
    world.dns.deny(DaneWorld::tlsa_name(host, 587), RrType::tlsa, kSigned);
  for (const char* const next_hop : {"d.example", "d.example:587"}) REQUIRE(world.ask(next_hop) == kSecure);
  for (std::size_t lifetime = 1; lifetime <= 3; ++lifetime) {
    for (int i = 0; i < 3; ++i)
      for (const char* const next_hop : {"d.example", "d.example:587"}) CHECK(world.ask(next_hop) == kSecure);
    world.advance(269s);
    CHECK(world.dns.count("d.example", RrType::mx) == 2 * lifetime);
    world.advance(1s);
    CHECK(world.dns.count("d.example", RrType::mx) == 2 * lifetime + 2);
  }
}

TEST_CASE("a next hop that is renewed often lets no renewals of another pile up") {
  DaneWorld world;
  publish_two_hosts(world);
  for (const char* const next_hop : {"d.example", "d.example:587"}) REQUIRE(world.ask(next_hop) == kSecure);
  for (int lifetime = 1; lifetime <= 3; ++lifetime) {  // of :587, whose TLSA are denied without a TTL
    for (const char* const next_hop : {"d.example", "d.example:587"}) CHECK(world.ask(next_hop) == kSecure);
    world.advance(54s);
    for (const char* const next_hop : {"d.example", "d.example:587"}) CHECK(world.ask(next_hop) == kSecure);
    CHECK(world.process->dane.renewals_due() == 2);
  }
}

TEST_CASE("a renewal that fails while the status is current is not repeated for each reply") {
  DaneWorld world;
  publish_two_hosts(world);
  for (int i = 0; i < 2; ++i) REQUIRE(world.ask("d.example") == kSecure);
  world.dns.fail("d.example", RrType::mx, DnsStatus::server_failure);
  world.advance(270s);
  REQUIRE(world.dns.count("d.example", RrType::mx) == 2);
  for (int i = 0; i < 5; ++i) {
    CHECK(world.ask("d.example") == kSecure);
    world.advance(1s);
  }
  CHECK(world.dns.count("d.example", RrType::mx) == 2);
}

TEST_CASE("a busy domain is never kept waiting for DANE, and costs one lookup a lifetime") {
  DaneWorld world;
  publish_two_hosts(world);
  world.set_mx("d.example", {"mx1.d.example", "mx2.d.example"}, kSigned, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  for (int i = 0; i < 54; ++i) {
    world.advance(10s);
    std::string reply;
    CHECK(world.process->service.answer_now({"QUERY", "d.example"}, reply));
    CHECK(reply == kSecure);
  }
  CHECK(world.dns.count("d.example", RrType::mx) <= 1 + 540 / 54);
}

TEST_CASE("a renewal is not made of what was looked up again meanwhile, purged, or has no room") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  REQUIRE(world.ask("d.example") == kSecure);
  world.process->dane.learn_in_background(*Domain::parse("d.example"), {});
  world.advance(100s);
  world.process->dane.learn_in_background(*Domain::parse("d.example"), {});
  world.settle();
  REQUIRE(world.dns.count("d.example", RrType::mx) == 3);
  world.advance(200s);
  CHECK(world.dns.count("d.example", RrType::mx) == 3);
  REQUIRE(world.ask("d.example") == kSecure);
  CHECK(world.process->service.purge(*Domain::parse("d.example")));
  world.advance(300s);
  CHECK(world.dns.count("d.example", RrType::mx) == 3);
}

TEST_CASE("the status is stored with the entry") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  const auto known = *world.entry("d.example")->dane;
  world.restart();
  world.settle();
  REQUIRE(world.entry("d.example") != nullptr);
  REQUIRE(world.entry("d.example")->dane != nullptr);
  CHECK(*world.entry("d.example")->dane == known);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.dns.count("d.example", RrType::mx) == 1);
}

TEST_CASE("what would be secure waits until Postfix's level is known, all else does not") {
  DaneWorld world;
  world.serving.level_known = false;
  world.serving.rules.dane_active = false;
  world.serving.rules.level = BaseLevel::unknown;
  publish_two_hosts(world);
  world.set_usable("mx1.d.example");
  world.set_usable("mx2.d.example");
  world.restart();
  CHECK(world.ask("d.example") == kNoReply);
  CHECK(world.ask("d.example") == kNoReply);  // the policy is in memory now
  CHECK(world.ask(".d.example") == kNothing);
  world.publish("testing.example", "a", kTesting);
  for (int i = 0; i < 2; ++i)
    for (const char* key : {"without.example", "testing.example"}) CHECK(world.ask(key) == kNothing);
  PolicyService::Options known = world.serving;
  known.level_known = true;
  SECTION("it is dane") {
    known.rules.level = BaseLevel::dane;
    known.rules.dane_active = true;
    world.process->service.set_options(known);
    world.settle();
    CHECK(world.replies().at(0) == kNothing);
    CHECK(world.replies().at(1) == kNothing);
  }
  SECTION("it is may") {
    world.process->service.set_options(known);
    world.settle();
    CHECK(world.replies().at(0) == kSecure);
    CHECK(world.replies().at(1) == kSecure);
  }
  SECTION("it does not come by reply_timeout: mail waits, rather than have its DANE switched off") {
    CHECK(world.ask_and_wait("d.example") == "TEMP smtp_tls_security_level of Postfix is not known yet");
    CHECK(world.process->service.answer_by_now({"QUERY", "d.example"}).rfind("TEMP ", 0) == 0);
    CHECK(world.process->service.answer_by_now({"QUERY", "without.example"}) == kNothing);
  }
  SECTION("the client names its own") {
    CHECK(world.ask("d.example", "QUERY@may") == kSecure);
    CHECK(world.ask("d.example", "QUERY@dane") == kNothing);
  }
}

TEST_CASE("where dane_reply may replace the level every reply waits until it is known") {
  DaneWorld world;
  world.serving.level_known = false;
  world.serving.rules.precedence.dane_reply = DaneVerdict::dane_only;
  world.restart();
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_usable("mx1.d.example");
  CHECK(world.ask("d.example") == kNoReply);
  world.serving.level_known = true;
  world.process->service.set_options(world.serving);
  world.settle();
  CHECK(world.replies() == std::vector<std::string>{kDaneOnly});
}

TEST_CASE("a purge makes what is being looked up void") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  CHECK(world.process->service.purge(*Domain::parse("d.example")));
  world.set_usable("mx1.d.example");
  world.set_usable("mx2.d.example");
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.process->dane.under_way() == 0);
}

TEST_CASE("a purge makes a look-up under way void for those who wait") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(301s + 3600s);
  world.dns.hold("mx1.d.example");
  CHECK(world.ask("d.example") == kNoReply);
  REQUIRE(world.process->dane.under_way() == 1);
  world.set_mx("d.example", {"mx2.d.example"}, kSigned);
  CHECK(world.process->service.purge(*Domain::parse("d.example")));
  world.settle();
  CHECK(world.process->dane.under_way() == 0);
  CHECK(world.dns.count("d.example", RrType::mx) == 3);
}

TEST_CASE("where too many look-ups are under way a policy that is held is not passed over, and has a look-up still") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  world.dns.hang(true);
  for (int i = 0; world.process->dane.has_room_for(*Domain::parse("new.example"), {}); ++i)
    world.process->dane.learn_in_background(*Domain::parse("x" + std::to_string(i) + ".example"), {});
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("[d.example]") == kNoReply);
  CHECK(world.process->dane.under_way() > 4000);
}

TEST_CASE("DANE of an enforced policy goes before first contacts, mail hosts of these come after their records") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  CHECK(world.dns.turns.at("_mta-sts.d.example") == DnsTurn::first_contact);
  CHECK(world.dns.turns.at("d.example") == DnsTurn::first_contact);
  CHECK(world.dns.turns.at("mx1.d.example") == DnsTurn::mail_host);
  world.advance(301s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.settle();
  CHECK(world.dns.turns.at("_mta-sts.d.example") == DnsTurn::refresh);
  CHECK(world.dns.turns.at("d.example") == DnsTurn::enforced);
  CHECK(world.dns.turns.at("mx1.d.example") == DnsTurn::enforced);
}

TEST_CASE("a change of status is logged once, with its reason") {
  DaneWorld world;
  publish_two_hosts(world);
  static_cast<void>(world.ask("d.example"));
  CHECK(world.log.count(LogLevel::info, "dane: next_hop=d.example, mx=signed, hosts=2, none=2") == 1);
  world.set_failed("mx2.d.example");
  world.advance(301s);
  static_cast<void>(world.ask("d.example"));
  CHECK(world.log.count(LogLevel::info,
                        "dane: next_hop=d.example, mx=signed, hosts=2, none=1, failed=1, reason=TLSA of "
                        "_25._tcp.mx2.d.example: server_failure: scripted failure") == 1);
  world.advance(301s);
  static_cast<void>(world.ask("d.example"));
  CHECK(world.log.count(LogLevel::info, "dane: ") == 2);
}

TEST_CASE("a question does not wait for DANE that cannot matter any more") {
  DaneWorld world;
  world.publish("d.example", "a", kTesting);
  world.dns.hold("d.example");
  CHECK(world.ask("d.example") == kNoReply);
  world.advance(3s);
  CHECK(world.replies() == std::vector<std::string>{kNothing});
}

TEST_CASE("precedence that goes off lets the waiting be answered") {
  DaneWorld world;
  publish_two_hosts(world);
  world.dns.hold("d.example");
  CHECK(world.ask("d.example") == kNoReply);
  world.advance(3s);
  PolicyService::Options off = world.serving;
  off.rules.dane_active = false;
  world.process->service.set_options(off);
  CHECK(world.replies() == std::vector<std::string>{kSecure});
}

TEST_CASE("MX records of equal preference in another order are the same status") {
  DaneWorld world;
  publish_two_hosts(world);
  for (const bool swap : {false, true, false}) {
    const MxRdata one{10, "mx1.d.example"}, two{10, "mx2.d.example"};
    world.dns.set_records("d.example", RrType::mx, {swap ? two : one, swap ? one : two}, kSigned);
    CHECK(world.ask("d.example") == kSecure);
    world.advance(301s);
  }
  CHECK(world.log.count(LogLevel::info, "dane: ") == 1);
}

TEST_CASE("a host that failed once holds up mail no longer than its minute") {
  DaneWorld world;
  publish_two_hosts(world);
  world.set_failed("mx1.d.example");
  CHECK(world.ask("d.example") == kDaneOnly);
  world.set_none("mx1.d.example");
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("N-11 switching DANE off forgets nothing: what was learned holds when it is on again") {
  DaneWorld world;
  world.publish("d.example", "a", kEnforce);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned, 3600s);
  world.set_usable("mx1.d.example");
  REQUIRE(world.ask("d.example") == kNothing);
  const PolicyService::Options on = world.serving;
  PolicyService::Options off = on;
  off.rules.dane_active = false;
  world.process->service.set_options(off);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.store->rows.begin()->second.dane != nullptr);
  world.process->service.set_options(on);
  world.dns.hang(true);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("dane_reply holds also where the cache has no room") {
  DaneWorld world;
  world.bounds.max_entries = 0;
  world.serving.rules.precedence.dane_reply = DaneVerdict::dane_only;
  world.restart();
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_usable("mx1.d.example");
  CHECK(world.ask("d.example") == kDaneOnly);
}

TEST_CASE("a level of dane-only that becomes known answers the waiting") {
  DaneWorld world;
  world.serving.level_known = false;
  world.serving.rules.dane_active = false;
  world.restart();
  publish_two_hosts(world);
  CHECK(world.ask("d.example") == kNoReply);
  PolicyService::Options known = world.serving;
  known.level_known = true;
  known.rules.level = BaseLevel::dane_only;
  world.process->service.set_options(known);
  CHECK(world.replies() == std::vector<std::string>{kNothing});
  CHECK(world.tlsa_questions() == 0);
}

TEST_CASE("a policy that is held is not passed over where TXT is just being read again") {
  DaneWorld world;
  world.serving.rules.precedence.dns_error_reply = DaneVerdict::temp;
  world.restart();
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(8000s);
  world.set_none("d.example");
  REQUIRE(world.ask("[d.example]") == kSecure);
  world.advance(301s);
  world.dns.hang(true);
  CHECK(world.ask_and_wait("[d.example]") == kSecure);
  CHECK(world.ask_and_wait("d.example") == kSecure);
}

TEST_CASE("views leave DANE out where it would have to be looked up first") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(90'000s);
  CHECK(world.process->service.reply_for(*world.entry("d.example"), MapForm::plain).payload == kSecure);
}

TEST_CASE("a question that cannot be waited for any longer passes over no policy that is held") {
  DaneWorld world;
  publish_two_hosts(world);
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(301s + 3600s);
  world.dns.hang(true);
  CHECK(world.ask("d.example") == kNoReply);
  CHECK(world.process->service.answer_by_now({"QUERY", "d.example"}) == kSecure);  // as MX was known, under a day ago
  world.advance(86400s);
  CHECK(world.process->service.answer_by_now({"QUERY", "d.example"}).rfind("TEMP ", 0) == 0);
  CHECK(world.process->service.answer_by_now({"QUERY", "unknown.example"}) == kNothing);
}

TEST_CASE("N-01 N-15 each client gets what its own level demands, whatever main.cf has") {
  const auto base = GENERATE(BaseLevel::may, BaseLevel::dane, BaseLevel::dane_only, BaseLevel::unknown);
  const bool usable = GENERATE(false, true);
  DaneWorld world;
  world.serving.rules.level = base;
  world.serving.rules.dane_active = base == BaseLevel::dane;
  world.restart();
  publish_two_hosts(world);
  if (usable) world.set_usable("mx1.d.example"), world.set_usable("mx2.d.example");
  for (const std::string form : {"QUERY", "QUERYwithTLSRPT"}) {
    for (const char* level : {"none", "may", "encrypt", "verify", "secure"})
      CHECK(world.ask("d.example", form + "@" + level).substr(0, kSecure.size()) == kSecure);
    CHECK(world.ask("d.example", form + "@dane").substr(0, kSecure.size()) == (usable ? kNothing : kSecure));
    for (const char* level : {"dane-only", "fingerprint"})
      CHECK(world.ask("d.example", form + "@" + level) == kNothing);
  }
  const bool secure = base == BaseLevel::may || base == BaseLevel::unknown || (base == BaseLevel::dane && !usable);
  for (const char* name : {"QUERY", "QUERY@dnae", "QUERY@"})
    CHECK(world.ask("d.example", name) == (secure ? kSecure : kNothing));
  CHECK(world.dns.count("d.example", RrType::mx) == 1);
}

TEST_CASE("N-11 a client at level dane behind a resolver that does not validate gets MTA-STS alone") {
  DaneWorld world;
  world.serving.validates = false;
  world.serving.rules.dane_active = false;
  world.restart();
  publish_two_hosts(world);
  CHECK(world.ask("d.example", "QUERY@dane") == kSecure);
  CHECK(world.dns.count("d.example", RrType::mx) == 0);
}

TEST_CASE("Q-02 mode testing is NOTFOUND for every map name") {
  DaneWorld world;
  world.serving.rules.level = GENERATE(BaseLevel::may, BaseLevel::encrypt, BaseLevel::dane);
  world.restart();
  world.publish("d.example", "a", kTesting);
  for (const char* name :
       {"QUERY", "QUERYwithTLSRPT", "QUERYwithTLSRPT@may", "QUERYwithTLSRPT@encrypt", "QUERY@secure"})
    CHECK(world.ask("d.example", name) == kNothing);
}
