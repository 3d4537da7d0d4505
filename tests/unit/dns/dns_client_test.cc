#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "dns_rig.h"

namespace {

using Script = NameServer::Script;
using Prank = NameServer::Prank;

std::string text_in(const DnsAnswer& answer) {
  std::string out;
  for (const auto& rdata : records_of<TxtRdata>(answer)) out += '[' + rdata.text + ']';
  return out;
}

// Nobody listens there: the port was ours a moment ago.
Resolver closed_resolver() {
  Loop loop;
  return NameServer(loop).resolver();
}

std::string where(const Resolver& resolver) { return to_text(resolver); }

}  // namespace

TEST_CASE("D-01 the question goes out as asked, with RD, AD, EDNS and without CD") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}, 120).ad = true;
  const DnsAnswer answer = rig.ask(kTxt);
  CHECK(answer.status == DnsStatus::found);
  CHECK(text_in(answer) == "[" + kRecord + "]");
  CHECK(answer.ttl == seconds(120));
  CHECK(answer.authentic);
  CHECK(answer.detail.empty());
  REQUIRE(rig.server.asked.size() == 1);
  const auto& asked = rig.server.asked.front();
  CHECK(asked.name == "_mta-sts.d.example");
  CHECK(asked.type == RrType::txt);
  CHECK(asked.flags == 0x0120);
  CHECK(asked.edns_size == 1232);
  CHECK_FALSE(asked.edns_do);
  CHECK_FALSE(asked.tcp);
  CHECK(rig.metrics.value("dns", "found") == 1);
}

TEST_CASE("D-09, D-17 odd octets and joined strings come through the whole way") {
  Rig rig;
  const std::string odd("\"v=STSv1;\0\t\\032\xff", 15);
  rig.server.set(kTxt.name, RrType::txt, {.answer = {wire::txt(kTxt.name, {odd, "", "tail"})}});
  CHECK(text_in(rig.ask(kTxt)) == "[" + odd + "tail]");
}

TEST_CASE("F-27 A and AAAA of a policy host, behind a CNAME") {
  Rig rig;
  rig.server.set_cname("mta-sts.d.example", "web.host.example");
  rig.server.set_address("web.host.example", "192.0.2.7");
  rig.server.set_address("web.host.example", "2001:db8::7");
  const auto [type, expected] =
      GENERATE(table<RrType, const char*>({{RrType::a, "192.0.2.7"}, {RrType::aaaa, "2001:db8::7"}}));
  const DnsAnswer answer = rig.ask({"mta-sts.d.example", type});
  REQUIRE(answer.status == DnsStatus::found);
  CHECK(to_text(records_of<AddressRdata>(answer).at(0).address) == expected);
  CHECK(answer.chain == std::vector<std::string>{"web.host.example"});
}

TEST_CASE("MX records come with their preference") {
  Rig rig;
  rig.server.set("d.example", RrType::mx,
                 {.answer = {wire::mx("d.example", 20, "MX2.d.example"), wire::mx("d.example", 10, "mx1.d.example")}});
  const auto records = records_of<MxRdata>(rig.ask({"d.example", RrType::mx}));
  REQUIRE(records.size() == 2);
  CHECK(records[0].host == "mx2.d.example");
  CHECK(records[1].preference == 10);
}

TEST_CASE("D-10 a chain that leaves the answer is asked on, and AD of all answers counts") {
  Rig rig;
  const auto [first, second] = GENERATE(table<bool, bool>({{true, true}, {false, true}, {true, false}}));
  rig.server.set_cname(kTxt.name, "_mta-sts.prov.example", 50).ad = first;
  rig.server.set_txt("_mta-sts.prov.example", {kRecord}, 200).ad = second;
  const DnsAnswer answer = rig.ask(kTxt);
  CHECK(text_in(answer) == "[" + kRecord + "]");
  CHECK(answer.authentic == (first && second));
  CHECK(answer.ttl == seconds(50));
  CHECK(rig.server.count("_mta-sts.prov.example", RrType::txt) == 1);
}

TEST_CASE("D-10 a CNAME loop over several answers ends in cname_loop, without a hang") {
  Rig rig;
  rig.server.set_cname(kTxt.name, "a.example");
  rig.server.set_cname("a.example", "b.example");
  rig.server.set_cname("b.example", "a.example");
  const DnsAnswer answer = rig.ask(kTxt);
  CHECK(answer.status == DnsStatus::cname_loop);
  CHECK(rig.server.asked.size() == 3);
  CHECK(rig.metrics.value("dns", "cname_loop") == 1);
}

TEST_CASE("D-10 a chain of nine CNAMEs is given up") {
  Rig rig;
  std::string at = kTxt.name;
  for (int i = 1; i <= 9; ++i) {
    const std::string next = "n" + std::to_string(i) + ".example";
    rig.server.set_cname(at, next);
    at = next;
  }
  rig.server.set_txt(at, {kRecord});
  CHECK(rig.ask(kTxt).status == DnsStatus::cname_loop);
}

TEST_CASE("D-16 a truncated answer is asked for again over TCP") {
  Rig rig;
  std::vector<std::string> texts(100, std::string(200, 'x'));
  texts.push_back(kRecord);
  rig.server.set_txt(kTxt.name, texts).truncate = true;
  const DnsAnswer answer = rig.ask(kTxt);
  REQUIRE(answer.status == DnsStatus::found);
  CHECK(answer.records.size() == 101);
  REQUIRE(rig.server.asked.size() == 2);
  CHECK_FALSE(rig.server.asked[0].tcp);
  CHECK(rig.server.asked[1].tcp);
  CHECK(rig.server.asked[0].id != rig.server.asked[1].id);
}

TEST_CASE("D-16 a datagram longer than the client reads is asked for again over TCP") {
  Rig rig;
  rig.server.set_txt(kTxt.name, std::vector<std::string>(30, std::string(200, 'x')));
  const DnsAnswer answer = rig.ask(kTxt);
  CHECK(answer.records.size() == 30);
  CHECK(rig.server.asked.size() == 2);
}

TEST_CASE("D-16 60 kB over TCP arrive whole") {
  Rig rig;
  rig.server.set_txt(kTxt.name, std::vector<std::string>(220, std::string(250, 'x'))).truncate = true;
  CHECK(rig.ask(kTxt).records.size() == 220);
}

TEST_CASE("X-07 a TCP answer that is cut off, truncated or another's is no answer") {
  Rig rig;
  NameServer good(rig.loop);
  good.set_txt(kTxt.name, {kRecord});
  Script& script = rig.server.set_txt(kTxt.name, {"short"});
  script.truncate = true;
  const auto question_for = [](const std::string& name) { return wire::question(wire::name(name), 16); };
  std::string counted = "broken";
  SECTION("closed within the length") { script.tcp_cut = 1; }
  SECTION("closed within the message") { script.tcp_cut = 30; }
  SECTION("TC over TCP") {
    counted = "malformed";
    script.raw = wire::Message{.flags = wire::kResponse | wire::kTruncated, .question = {question_for(kTxt.name)}}
                     .bytes()
                     .substr(2);
  }
  SECTION("reply to another question") {
    script.raw = wire::Message{.question = {question_for("x.example")}}.bytes().substr(2);
  }
  const DnsAnswer answer = rig.ask(rig.options({rig.server.resolver(), good.resolver()}), kTxt);
  CHECK(text_in(answer) == "[" + kRecord + "]");
  CHECK(rig.server.asked.size() == 2);
  CHECK(rig.metrics.value("dns_tries", counted) == 1);
}

TEST_CASE("use-vc asks over TCP from the start") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord});
  const auto pool =
      std::make_shared<ResolverPool>(ResolverPlan{.resolvers = {rig.server.resolver()}, .tcp = true}, rig.hub);
  std::optional<DnsAnswer> answer;
  DnsQuery query(rig.hub, kTxt, DnsTurn::first_contact, [&](const DnsAnswer& given) { answer = given; });
  query.start(pool, {0});
  rig.run_until([&] { return answer.has_value(); });
  CHECK(answer->status == DnsStatus::found);
  REQUIRE(rig.server.asked.size() == 1);
  CHECK(rig.server.asked[0].tcp);
}

TEST_CASE("an answer that does not match is ignored and the wait goes on") {
  Rig rig;
  const auto [name, prank, counted] = GENERATE(table<const char*, Prank, bool>({
      {"wrong id", Prank::wrong_id, true},
      {"wrong name", Prank::wrong_question, true},
      {"wrong type", Prank::wrong_type, true},
      {"a query", Prank::not_a_response, true},
      {"one octet", Prank::garbage, true},
      {"from another port", Prank::other_port, false},
  }));
  CAPTURE(name);
  Script& script = rig.server.set_txt(kTxt.name, {kRecord});
  script.pranks.assign(15, prank);
  script.forged = {wire::txt(kTxt.name, {"forged"})};
  const DnsAnswer answer = rig.ask(kTxt);
  CHECK(text_in(answer) == "[" + kRecord + "]");
  CHECK(rig.server.asked.size() == 1);
  CHECK(rig.metrics.value("dns_tries", "foreign") == (counted ? 15u : 0u));
}

TEST_CASE("D-20 denials carry their negative TTL") {
  Rig rig;
  SECTION("NXDOMAIN") {
    const DnsAnswer answer = rig.ask(kTxt);
    CHECK(answer.status == DnsStatus::no_name);
    CHECK(answer.ttl == seconds(60));
  }
  SECTION("no data") {
    rig.server.set(kTxt.name, RrType::txt, {.authority = {wire::soa("example", 3600, 77)}});
    const DnsAnswer answer = rig.ask(kTxt);
    CHECK(answer.status == DnsStatus::no_data);
    CHECK(answer.ttl == seconds(77));
  }
  SECTION("without SOA") {
    rig.server.set(kTxt.name, RrType::txt, {.rcode = 3});
    CHECK(rig.ask(kTxt).ttl == seconds(0));
  }
}

TEST_CASE("a query that gets lost is sent again") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).drops = 2;
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(50);
  CHECK(rig.ask(options, kTxt).status == DnsStatus::found);
  CHECK(rig.server.asked.size() == 3);
  CHECK(rig.metrics.value("dns_tries", "timeout") == 2);
}

TEST_CASE("silence ends in timeout, naming the resolver and the tries") {
  Rig rig;
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(20);
  options.attempts = GENERATE(1, 3);
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::timeout);
  CHECK(answer.failed());
  CHECK(rig.server.asked.size() == static_cast<std::size_t>(*options.attempts));
  CHECK(answer.detail == "no answer from " + where(rig.server.resolver()) +
                             (*options.attempts == 3 ? " (3 tries of 20 ms)" : " in 20 ms"));
  CHECK(rig.metrics.value("dns", "timeout") == 1);
}

TEST_CASE("a resolver that nobody runs is named with the reason") {
  Rig rig;
  const Resolver closed = closed_resolver();
  const DnsAnswer answer = rig.ask(rig.options({closed}), kTxt);
  CHECK(answer.status == DnsStatus::unreachable);
  CHECK(answer.detail == "no answer from " + where(closed) + " (Connection refused)");
  rig.server.set_txt(kTxt.name, {kRecord});
  CHECK(rig.ask(rig.options({closed, rig.server.resolver()}), kTxt).status == DnsStatus::found);
}

TEST_CASE("of several resolvers that fail the one that says most about the name decides") {
  Rig rig;
  rig.server.hang(true);
  NameServer refusing(rig.loop);
  refusing.set(kTxt.name, RrType::txt, {.rcode = 5});
  auto options = rig.options({closed_resolver(), rig.server.resolver()});
  options.timeout = milliseconds(20);
  CHECK(rig.ask(options, kTxt).status == DnsStatus::timeout);
  options.resolvers.push_back(refusing.resolver());
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::refused);
  CHECK(answer.detail.find("REFUSED from " + where(refusing.resolver())) != std::string::npos);
}

TEST_CASE("D-16 a truncated answer that TCP does not bring is told as that") {
  Rig rig;
  Script& script = rig.server.set_txt(kTxt.name, {kRecord});
  script.truncate = true;
  script.tcp_cut = 1;
  auto options = rig.options({rig.server.resolver()});
  options.attempts = 1;
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::tcp_failed);
  CHECK(answer.detail == "no answer from " + where(rig.server.resolver()) + " over TCP (connection closed)");
}

TEST_CASE("N-11 AD that does not count is not lost") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).ad = true;
  auto options = rig.options({rig.server.resolver()});
  options.trust_ad = TrustAd::never;
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK_FALSE(answer.authentic);
  CHECK(answer.ad_ignored);
  CHECK(ad_bit(answer) == AdBit::not_trusted);
  CHECK_FALSE(rig.ask(kTxt).ad_ignored);
}

TEST_CASE("an answer that does not help makes the client ask the next resolver, once each") {
  Rig rig;
  NameServer other(rig.loop);
  struct Row {
    const char* name;
    Script script;
    DnsStatus status;
    const char* words;
  };
  const wire::Bytes question = wire::question(wire::name(kTxt.name), 16);
  const Row row = GENERATE_COPY(values<Row>({
      {"SERVFAIL", {.rcode = 2}, DnsStatus::server_failure, "SERVFAIL from "},
      {"NOTAUTH", {.rcode = 9}, DnsStatus::server_failure, "error code 9 from "},
      {"cut record",
       {.raw = wire::Message{.question = {question}, .answer = {"\xc0"}}.bytes().substr(2)},
       DnsStatus::malformed,
       "malformed answer from "},
      {"NXDOMAIN with records",
       {.rcode = 3, .answer = {wire::txt(kTxt.name, {"x"})}},
       DnsStatus::malformed,
       "malformed answer from "},
  }));
  CAPTURE(row.name);
  rig.server.set(kTxt.name, RrType::txt, row.script);
  const auto both = rig.options({rig.server.resolver(), other.resolver()});
  SECTION("which knows better") {
    other.set_txt(kTxt.name, {kRecord});
    const DnsAnswer answer = rig.ask(both, kTxt);
    CHECK(text_in(answer) == "[" + kRecord + "]");
    CHECK(answer.detail.empty());
  }
  SECTION("which does not either") {
    other.set(kTxt.name, RrType::txt, {.rcode = 2});
    const DnsAnswer answer = rig.ask(both, kTxt);
    CHECK(answer.status == DnsStatus::server_failure);
    CHECK(answer.detail.find(row.words + where(rig.server.resolver())) == 0);
    CHECK(answer.detail.find("; SERVFAIL from " + where(other.resolver())) != std::string::npos);
    CHECK(other.asked.size() == 1);
  }
  SECTION("and gives up where there is none") {
    const DnsAnswer answer = rig.ask(kTxt);
    CHECK(answer.status == row.status);
    CHECK(answer.detail.find(row.words + where(rig.server.resolver())) == 0);
    CHECK(answer.ttl == seconds(0));
  }
  CHECK(rig.server.asked.size() == 1);
}

TEST_CASE("D-16 a server that does not know EDNS is asked without") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).edns_unknown = true;
  CHECK(text_in(rig.ask(kTxt)) == "[" + kRecord + "]");
  REQUIRE(rig.server.asked.size() == 2);
  CHECK(rig.server.asked[1].edns_size == 0);
}

TEST_CASE("a resolver that timed out is asked last for 30 s") {
  Rig rig;
  NameServer other(rig.loop);
  other.set_txt(kTxt.name, {kRecord});
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver(), other.resolver()});
  options.timeout = milliseconds(50);
  DnsClient client(rig.hub, options);
  CHECK(rig.ask(client, kTxt).status == DnsStatus::found);
  CHECK(rig.server.asked.size() == 1);
  rig.time.advance(seconds(25));
  CHECK(rig.ask(client, kTxt).status == DnsStatus::found);
  CHECK(rig.server.asked.size() == 1);
  rig.time.advance(seconds(5));
  CHECK(rig.ask(client, kTxt).status == DnsStatus::found);
  CHECK(rig.server.asked.size() == 2);
}

TEST_CASE("all resolvers that keep silent are asked in turn") {
  Rig rig;
  NameServer other(rig.loop);
  rig.server.hang(true);
  other.hang(true);
  auto options = rig.options({rig.server.resolver(), other.resolver()});
  options.timeout = milliseconds(20);
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::timeout);
  CHECK(rig.server.asked.size() == 2);
  CHECK(other.asked.size() == 1);
  CHECK(answer.detail == "no answer from " + where(rig.server.resolver()) + " (2 tries of 20 ms); no answer from " +
                             where(other.resolver()) + " in 20 ms");
}

TEST_CASE("what is no name is answered without asking anybody") {
  Rig rig;
  const DnsAnswer answer = rig.ask({"a..b", RrType::txt});
  CHECK(answer.status == DnsStatus::malformed);
  CHECK(answer.detail == "not a domain name: a..b");
  CHECK(rig.server.asked.empty());
}

TEST_CASE("settings and resolv.conf make a plan") {
  const ResolvConf plain = parse_resolv_conf("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
  const ResolvConf full =
      parse_resolv_conf("nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:7 attempts:4 rotate use-vc\n");
  CHECK(make_plan({}, plain) == ResolverPlan{.resolvers = plain.nameservers});
  CHECK(make_plan({}, full) ==
        ResolverPlan{.resolvers = plain.nameservers, .timeout = seconds(7), .tries = 4, .rotate = true, .tcp = true});
  CHECK(make_plan({.timeout = seconds(1), .attempts = 2}, full) ==
        ResolverPlan{.resolvers = plain.nameservers, .timeout = seconds(1), .tries = 2, .rotate = true, .tcp = true});
  const std::vector<Resolver> named{*parse_resolver("192.0.2.9:5353")};
  CHECK(make_plan({.resolvers = named}, full) == ResolverPlan{.resolvers = named});
  CHECK(make_plan({.trust_ad = TrustAd::never}, plain) ==
        ResolverPlan{.resolvers = plain.nameservers, .trust_ad = TrustAd::never});
}

TEST_CASE("whatever resolv.conf asks for, a question ends after 30 s; what the operator sets holds") {
  const ResolvConf conf = parse_resolv_conf("nameserver 192.0.2.1\noptions timeout:300 attempts:99\n");
  CHECK(make_plan({}, conf) == ResolverPlan{.resolvers = conf.nameservers, .timeout = seconds(30), .tries = 1});
  const ResolvConf many =
      parse_resolv_conf("nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:2 attempts:99\n");
  CHECK(make_plan({}, many).tries == 10);
  const ResolvConf slow = parse_resolv_conf("nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:30\n");
  CHECK(make_plan({}, slow).timeout * make_plan({}, slow).tries == seconds(30));
  CHECK(make_plan({}, slow).tries == 2);
  CHECK(make_plan({.timeout = seconds(20), .attempts = 5}, conf) ==
        ResolverPlan{.resolvers = conf.nameservers, .timeout = seconds(20), .tries = 5});
}

TEST_CASE("a changed resolv.conf is heeded") {
  Rig rig;
  const std::string path = "/tmp/unit_dns." + std::to_string(getpid()) + ".conf";
  std::ofstream(path) << "nameserver 192.0.2.1\n";
  DnsClient client(rig.hub, {.resolv_conf_path = path});
  CHECK(to_text(client.resolvers().at(0)) == "192.0.2.1:53");
  std::ofstream(path) << "nameserver 192.0.2.22\n";
  rig.time.advance(seconds(2));
  CHECK(to_text(client.resolvers().at(0)) == "192.0.2.22:53");
  std::filesystem::remove(path);
  rig.time.advance(seconds(2));
  CHECK(to_text(client.resolvers().at(0)) == "127.0.0.1:53");
}

TEST_CASE("new settings hold for new questions, those under way finish as they began") {
  Rig rig;
  NameServer other(rig.loop);
  rig.server.set_txt(kTxt.name, {"old"}).drops = 1;
  other.set_txt(kTxt.name, {"new"});
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(100);
  DnsClient client(rig.hub, options);
  Asking before(client, kTxt);
  rig.run_until([&] { return rig.server.asked.size() == 1; });
  client.set_options(rig.options({other.resolver()}));
  CHECK(text_in(rig.ask(client, kTxt)) == "[new]");
  rig.run_until([&] { return before.answer.has_value(); });
  CHECK(text_in(*before.answer) == "[old]");
}
