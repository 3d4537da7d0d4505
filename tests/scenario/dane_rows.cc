// Conformance rows N and the table of precedence: each cell as Postfix sees it.
#include "catch.h"
#include "dane_world.h"

using namespace tlspolicyd;

namespace {

constexpr bool kEnforced = true, kFree = false;

// "UXNF", a letter a host: mx1 first.
void set_hosts(DaneWorld& world, std::string_view states, bool authentic = kSigned) {
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < states.size(); ++i) {
    hosts.push_back("mx" + std::to_string(i + 1) + ".d.example");
    switch (states[i]) {
      case 'U': world.set_usable(hosts.back()); break;
      case 'X': world.set_unusable(hosts.back()); break;
      case 'N': world.set_none(hosts.back()); break;
      default: world.set_failed(hosts.back()); break;
    }
  }
  world.set_mx("d.example", hosts, authentic);
}

void set_policy(DaneWorld& world, bool enforced) {
  if (enforced) world.publish("d.example", "a", kEnforce);
}

}  // namespace

TEST_CASE("N-01 N-18 signed MX, usable TLSA everywhere: dane_reply, with a policy or without") {
  const auto [reply, said] = GENERATE(table<DaneVerdict, std::string>(
      {{DaneVerdict::notfound, kNothing}, {DaneVerdict::dane, "OK dane"}, {DaneVerdict::dane_only, kDaneOnly}}));
  const bool enforced = GENERATE(kEnforced, kFree);
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = reply;
  world.restart();
  set_policy(world, enforced);
  set_hosts(world, "UU");
  CHECK(world.ask("d.example") == said);
}

TEST_CASE("N-05 N-06 signed MX, only hosts without usable TLSA: the policy decides") {
  const auto hosts = GENERATE("N", "X", "XN", "NN");
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, hosts);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("N-06 without a policy unusable TLSA still demands TLS: dane at most") {
  const auto [hosts, said] =
      GENERATE(table<const char*, std::string>({{"X", "OK dane"}, {"XN", "OK dane"}, {"NN", kNothing}}));
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = DaneVerdict::dane_only;
  world.restart();
  set_hosts(world, hosts);
  CHECK(world.ask("d.example") == said);
}

TEST_CASE("N-02 N-14 any other mix with a usable host, or only failed hosts: dane_mixed_reply under a policy") {
  const auto hosts = GENERATE("UN", "UX", "F", "FF", "UF", "UNF", "FU");
  const auto [reply, said] =
      GENERATE(table<DaneVerdict, std::string>({{DaneVerdict::dane_only, kDaneOnly}, {DaneVerdict::dane, "OK dane"}}));
  DaneWorld world;
  world.serving.rules.precedence.dane_mixed_reply = reply;
  world.restart();
  set_policy(world, kEnforced);
  set_hosts(world, hosts);
  CHECK(world.ask("d.example") == said);
}

TEST_CASE("N-02 one failed host of several, and no TLSA: the policy holds for the others, by name") {
  const auto [hosts, names] = GENERATE(table<const char*, std::vector<std::string>>(
      {{"NF", {"mx1"}}, {"FN", {"mx2"}}, {"XF", {"mx1"}}, {"NFN", {"mx1", "mx3"}}, {"FXF", {"mx2"}}}));
  const auto failure = GENERATE(DnsStatus::server_failure, DnsStatus::timeout, DnsStatus::malformed);
  const bool address = GENERATE(false, true);
  DaneWorld world;
  world.publish("d.example", "a", "version: STSv1\nmode: enforce\nmx: *.d.example\nmax_age: 604800\n");
  set_hosts(world, hosts);
  for (std::size_t i = 0; i < std::string_view(hosts).size(); ++i) {
    if (hosts[i] != 'F') continue;
    const std::string host = "mx" + std::to_string(i + 1) + ".d.example";
    if (address) world.dns.fail(host, RrType::a, failure), world.dns.fail(host, RrType::aaaa, failure);
    else world.dns.fail(world.tlsa_name(host), RrType::tlsa, failure);
  }
  std::string match, patterns;
  for (const std::string& name : names) {
    match += (match.empty() ? "" : ":") + name + ".d.example";
    patterns += " mx_host_pattern=" + name + ".d.example";
  }
  CHECK(world.ask("d.example") == "OK secure match=" + match + " servername=hostname");
  const std::string reply = world.ask("d.example", "QUERYwithTLSRPT");
  CHECK(reply.substr(reply.find(" mx_host_pattern=")) == patterns);
}

TEST_CASE("N-02 the hosts that are left are those that the policy allows; none: dane_mixed_reply") {
  DaneWorld world;
  set_policy(world, kEnforced);  // allows mx1
  const auto [hosts, said] = GENERATE(table<const char*, std::string>({{"NFN", kSecure}, {"FN", kDaneOnly}}));
  set_hosts(world, hosts);
  CHECK(world.ask("d.example") == said);
}

TEST_CASE("N-02 a host named as a word of Postfix is left as a name") {
  DaneWorld world;
  world.publish("d.example", "a", "version: STSv1\nmode: enforce\nmx: nexthop\nmx: mx1.d.example\nmax_age: 604800\n");
  world.set_none("nexthop");
  world.set_failed("mx1.d.example");
  world.set_mx("d.example", {"nexthop", "mx1.d.example"}, kSigned);
  CHECK(world.ask("d.example") == "OK secure match=nexthop. servername=hostname");
}

TEST_CASE("N-02 a host that does not exist is none that fails: the policy holds as it is") {
  DaneWorld world;
  world.publish("d.example", "a", "version: STSv1\nmode: enforce\nmx: *.d.example\nmax_age: 604800\n");
  set_hosts(world, "NN");
  for (const RrType type : {RrType::a, RrType::aaaa})
    world.dns.deny("mx2.d.example", type, kSigned, DnsStatus::no_name);
  CHECK(world.ask("d.example") == "OK secure match=.d.example servername=hostname");
}

TEST_CASE(
    "N-02 breaking an answer about TLSA that was usable within the day switches no DANE off, also after a restart") {
  const auto way = GENERATE(0, 1, 2);
  const bool restarted = GENERATE(false, true);
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, "NU");
  REQUIRE(world.ask("d.example") == kDaneOnly);
  const LifeTime usable = world.time.life();
  if (way == 0) world.set_failed("mx2.d.example");
  if (way == 1)
    world.dns.fail("mx2.d.example", RrType::a, DnsStatus::timeout),
        world.dns.fail("mx2.d.example", RrType::aaaa, DnsStatus::timeout);
  if (way == 2) world.dns.fail(world.tlsa_name("mx2.d.example"), RrType::tlsa, DnsStatus::malformed);
  for (int hour = 0; hour < 24; ++hour) {
    CHECK(world.ask("d.example") == kDaneOnly);
    CHECK(world.ask("d.example") == kDaneOnly);
    world.advance(3590s);
    if (restarted && hour % 8 == 0) world.restart();
  }
  world.advance(usable + kDaneRemembered + 301s - world.time.life());
  static_cast<void>(world.ask("d.example"));
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("the host that is left out is logged once a change") {
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, "NF");
  for (int i = 0; i < 3; ++i) {
    CHECK(world.ask("d.example") == kSecure);
    CHECK(world.ask("d.example", "QUERY@may") == kSecure);  // knows nothing of DANE
  }
  CHECK(world.log.count(LogLevel::info, "reply: next_hop=d.example, left_out=mx2.d.example, reason=") == 1);
  world.set_none("mx2.d.example");
  world.advance(301s);
  for (int i = 0; i < 3; ++i) CHECK(world.ask("d.example") == kSecure);
  CHECK(world.log.count(LogLevel::info, "reply: next_hop=d.example, left_out=none") == 1);
  CHECK(world.log.count(LogLevel::info, "left_out=") == 2);
}

TEST_CASE("N-15 without a policy a mix is dane_reply, dane at most") {
  const auto [reply, said] = GENERATE(table<DaneVerdict, std::string>(
      {{DaneVerdict::notfound, kNothing}, {DaneVerdict::dane, "OK dane"}, {DaneVerdict::dane_only, "OK dane"}}));
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = reply;
  world.restart();
  set_hosts(world, "UNF");
  CHECK(world.ask("d.example") == said);
}

TEST_CASE("N-04 an unsigned MX displaces no policy, whoever it names, and its hosts are not asked") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx.stranger.example"}, kUnsigned);
  world.set_usable("mx.stranger.example");
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.dns.count("mx.stranger.example", RrType::a) == 0);
  CHECK(world.tlsa_questions() == 0);
}

TEST_CASE("N-04 an unsigned MX without a policy is NOTFOUND, whatever dane_reply") {
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = DaneVerdict::dane_only;
  world.restart();
  world.set_mx("d.example", {"mx.stranger.example"}, kUnsigned);
  world.set_usable("mx.stranger.example");
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("N-03 a failed MX look-up with nothing known before: TEMP under a policy") {
  const auto status = GENERATE(DnsStatus::server_failure, DnsStatus::timeout, DnsStatus::malformed);
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.fail("d.example", RrType::mx, status);
  CHECK(world.ask("d.example") == "TEMP MX records of d.example cannot be looked up");
}

TEST_CASE("N-03 a failed MX look-up without a policy: dns_error_reply, where DANE could decide") {
  const auto [error, said] = GENERATE(table<DaneVerdict, std::string>(
      {{DaneVerdict::notfound, kNothing}, {DaneVerdict::temp, "TEMP MX records of d.example cannot be looked up"}}));
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = DaneVerdict::dane;
  world.serving.rules.precedence.dns_error_reply = error;
  world.restart();
  world.dns.fail("d.example", RrType::mx, DnsStatus::server_failure);
  CHECK(world.ask("d.example") == said);
}

TEST_CASE("N-03 a failed MX look-up: what was last known decides, for a day, also after a restart") {
  const auto [hosts, said] = GENERATE(table<const char*, std::string>({{"N", kSecure},
                                                                       {"U", kDaneOnly},
                                                                       {"UU", kDaneOnly},
                                                                       {"NU", kDaneOnly},
                                                                       {"X", kSecure},
                                                                       {"NX", kSecure},
                                                                       {"NF", kSecure},
                                                                       {"FF", kDaneOnly}}));
  const bool restarted = GENERATE(false, true);
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, hosts);
  static_cast<void>(world.ask("d.example"));
  world.dns.fail("d.example", RrType::mx, DnsStatus::server_failure);
  if (restarted) world.restart();
  world.advance(301s);
  static_cast<void>(world.ask("d.example"));  // still the old answer; it has the status looked up again
  CHECK(world.ask("d.example") == said);
  world.advance(86400s - 301s);
  CHECK(world.ask("d.example") == said);
  world.advance(1s);
  CHECK(world.ask("d.example") == "TEMP MX records of d.example cannot be looked up");
}

TEST_CASE("N-03 an unsigned MX known before a failure leaves the policy in force") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kUnsigned);
  REQUIRE(world.ask("d.example") == kSecure);
  world.dns.fail("d.example", RrType::mx, DnsStatus::timeout);
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("M-12 a null MX and nothing cached: NOTFOUND, and nothing is fetched") {
  const bool authentic = GENERATE(kSigned, kUnsigned);
  const auto reply = GENERATE(DaneVerdict::notfound, DaneVerdict::dane);
  DaneWorld world;
  world.serving.rules.precedence.dane_reply = reply;
  world.restart();
  set_policy(world, kEnforced);
  world.dns.set_records("d.example", RrType::mx, {MxRdata{0, ""}}, authentic);
  CHECK(world.ask("d.example") == kNothing);
  world.advance(301s);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.fetches("d.example") == 0);
  CHECK(world.dns.count("d.example", RrType::a) == 0);
  CHECK(world.tlsa_questions() == 0);
}

TEST_CASE("M-12 for a crowd of askers the policy is fetched whatever their mail hosts are") {
  const int askers = GENERATE(4096, 4097);
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.set_records("d.example", RrType::mx, {MxRdata{0, ""}}, kSigned);
  std::vector<Ticket> tickets;
  for (int i = 0; i < askers; ++i)
    tickets.push_back(world.process->service.answer({"QUERY", "d.example"}, [](std::string_view) {}));
  world.settle();
  CHECK(world.fetches("d.example") == (askers > 4096 ? 1 : 0));
}

TEST_CASE("M-12 a null MX may be forged: a cached enforce policy still answers") {
  const bool authentic = GENERATE(kSigned, kUnsigned);
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, "N");
  REQUIRE(world.ask("d.example") == kSecure);
  world.dns.set_records("d.example", RrType::mx, {MxRdata{0, ""}}, authentic);
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.fetches("d.example") == 1);
}

TEST_CASE("M-12 a null MX says nothing about a next hop that is its own mail host") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.set_records("d.example", RrType::mx, {MxRdata{0, ""}}, kSigned);
  world.set_host("d.example", kUnsigned);
  SECTION("asked a minute later") {
    REQUIRE(world.ask("d.example") == kNothing);
    world.advance(61s);
    CHECK(world.ask("[d.example]:587") == kSecure);
  }
  SECTION("asked at the same time") {
    world.dns.hold("d.example");
    const Ticket plain = world.process->service.answer({"QUERY", "d.example"}, [](std::string_view) {});
    const Ticket own = world.process->service.answer({"QUERY", "[d.example]:587"}, [](std::string_view) {});
    world.settle();
    CHECK(world.fetches("d.example") == 1);
  }
  SECTION("asked while the fetch waits for MX") {
    world.dns.hold("d.example");
    REQUIRE(world.ask("d.example") == kNoReply);
    REQUIRE(world.fetches("d.example") == 0);
    CHECK(world.ask("[d.example]:587") == kNoReply);
    CHECK(world.fetches("d.example") == 1);
  }
}

TEST_CASE("M-12 a null MX may be forged: it stops no fetch of a policy that applies") {
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, "N");
  REQUIRE(world.ask("d.example") == kSecure);
  world.dns.set_records("d.example", RrType::mx, {MxRdata{0, ""}}, kUnsigned);
  world.https.hold("mta-sts.d.example");
  world.advance(86400s + 8640s);
  REQUIRE(world.fetches("d.example") == 2);
  world.ask("d.example:587");  // looks up MX
  world.https.release("mta-sts.d.example");
  world.settle();
  CHECK(world.time.life() - world.entry("d.example")->held->fetched < 10s);
}

TEST_CASE("M-12 the fetch waits for the MX records, but not for ever") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.hold("d.example");
  CHECK(world.ask("d.example") == kNoReply);
  CHECK(world.fetches("d.example") == 0);
  world.advance(2s);
  CHECK(world.fetches("d.example") == 1);
}

TEST_CASE("N-14 no MX, and that is signed: the domain itself is the host") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.deny("d.example", RrType::mx, kSigned);
  SECTION("usable") {
    world.set_usable("d.example");
    CHECK(world.ask("d.example") == kNothing);
  }
  SECTION("none") {
    world.set_none("d.example");
    CHECK(world.ask("d.example") == kSecure);
  }
  SECTION("failed") {
    world.set_failed("d.example");
    CHECK(world.ask("d.example") == kDaneOnly);
  }
  SECTION("no such name") {
    world.dns.deny("d.example", RrType::mx, kSigned, DnsStatus::no_name);
    CHECK(world.ask("d.example") == kSecure);
    CHECK(world.dns.count("d.example", RrType::a) == 0);
  }
}

TEST_CASE("N-04 no MX, and that is not signed: as an unsigned MX") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.deny("d.example", RrType::mx, kUnsigned);
  world.set_usable("d.example");
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.tlsa_questions() == 0);
}

TEST_CASE("N-07 a host with insecure addresses is not asked for TLSA") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_host("mx1.d.example", kUnsigned);
  world.set_tlsa("mx1.d.example", kSigned);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.tlsa_questions() == 0);
  CHECK(world.dns.count("mx1.d.example", RrType::cname) == 0);
}

TEST_CASE("N-05 insecure TLSA records are as none") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_host("mx1.d.example", kSigned);
  world.set_tlsa("mx1.d.example", kUnsigned);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("N-08 a host that is an alias: TLSA at the expanded name, then at the original") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  DnsAnswer address{.status = DnsStatus::found,
                    .records = {AddressRdata{*parse_ip("1.2.3.5")}},
                    .chain = {"step.prov.example", "host.prov.example"},
                    .authentic = true,
                    .ttl = 300s};
  world.dns.set("mx1.d.example", RrType::a, address);
  world.dns.set("mx1.d.example", RrType::aaaa, address);
  SECTION("records at the expanded name") {
    world.set_tlsa("host.prov.example", kSigned);
    CHECK(world.ask("d.example") == kNothing);
    CHECK(world.dns.count("_25._tcp.mx1.d.example", RrType::tlsa) == 0);
  }
  SECTION("none there") {
    world.set_no_tlsa("host.prov.example");
    world.set_tlsa("mx1.d.example", kSigned);
    CHECK(world.ask("d.example") == kNothing);
  }
  SECTION("nowhere") {
    world.set_no_tlsa("host.prov.example");
    world.set_no_tlsa("mx1.d.example");
    CHECK(world.ask("d.example") == kSecure);
  }
  CHECK(world.dns.count("_25._tcp.step.prov.example", RrType::tlsa) == 0);
}

TEST_CASE("N-08b a signed alias of an insecure host: TLSA at the original name only") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  DnsAnswer address{.status = DnsStatus::found,
                    .records = {AddressRdata{*parse_ip("1.2.3.5")}},
                    .chain = {"host.prov.example"},
                    .authentic = false,
                    .ttl = 300s};
  world.dns.set("mx1.d.example", RrType::a, address);
  world.dns.set("mx1.d.example", RrType::aaaa, address);
  world.set_tlsa("mx1.d.example", kSigned);
  world.set_tlsa("host.prov.example", kSigned);
  SECTION("signed") {
    world.dns.set_records("mx1.d.example", RrType::cname, {CnameRdata{"host.prov.example"}}, kSigned);
    CHECK(world.ask("d.example") == kNothing);
  }
  SECTION("not signed") {
    world.dns.set_records("mx1.d.example", RrType::cname, {CnameRdata{"host.prov.example"}}, kUnsigned);
    CHECK(world.ask("d.example") == kSecure);
    CHECK(world.tlsa_questions() == 0);
  }
  SECTION("cannot be told") {
    world.dns.fail("mx1.d.example", RrType::cname, DnsStatus::server_failure);
    CHECK(world.ask("d.example") == kDaneOnly);
    CHECK(world.tlsa_questions() == 0);
  }
  CHECK(world.dns.count("mx1.d.example", RrType::cname) == 1);
  CHECK(world.dns.count("_25._tcp.host.prov.example", RrType::tlsa) == 0);
}

TEST_CASE("N-09 TLSA is asked at the port of the next hop, and `[host]` is its own MX") {
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, "N");
  world.set_host("d.example", kSigned);
  world.set_tlsa("d.example", kSigned, 3, 587);
  world.set_no_tlsa("d.example");
  CHECK(world.ask("[d.example]:587") == kNothing);
  CHECK(world.dns.count("d.example", RrType::mx) == 0);
  CHECK(world.ask("[d.example]") == kSecure);
  CHECK(world.dns.count("d.example", RrType::mx) == 0);
  world.dns.deny("_587._tcp.mx1.d.example", RrType::tlsa, kSigned);
  CHECK(world.ask("d.example:587") == kSecure);
  CHECK(world.dns.count("d.example", RrType::mx) == 1);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.entry("d.example")->dane->size() == 4);
}

TEST_CASE("N-10 an address literal has no DANE") {
  DaneWorld world;
  CHECK(world.ask("[192.0.2.1]") == kNothing);
  CHECK(world.dns.asked.empty());
}

TEST_CASE("N-12 usages 0 and 1 do not count, beside a usable record they do not harm") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_host("mx1.d.example", kSigned);
  const TlsaRdata wrong{1, 0, 1, std::string(32, 'x')}, right{2, 0, 1, std::string(32, 'x')};
  world.dns.set_records("_25._tcp.mx1.d.example", RrType::tlsa, {wrong, right}, kSigned);
  CHECK(world.ask("d.example") == kNothing);
  world.dns.set_records("_25._tcp.mx1.d.example", RrType::tlsa, {wrong}, kSigned);
  world.advance(301s);
  static_cast<void>(world.ask("d.example"));
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("N-16 replies of DANE carry no attribute, for either map name") {
  DaneWorld world;
  set_policy(world, kEnforced);
  set_hosts(world, "UN");
  CHECK(world.ask("d.example") == kDaneOnly);
  CHECK(world.ask("d.example", "QUERYwithTLSRPT") == kDaneOnly);
}

TEST_CASE("N-15 at level dane-only every answer is NOTFOUND, and nothing is asked for it") {
  DaneWorld world;
  world.serving.rules.level = BaseLevel::dane_only;
  world.restart();
  set_policy(world, kEnforced);
  set_hosts(world, "N");
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.dns.asked.empty());
}

TEST_CASE("N-11 where precedence is not active no question is asked for it") {
  DaneWorld world;
  world.serving.rules.dane_active = false;
  world.restart();
  set_policy(world, kEnforced);
  set_hosts(world, "UU");
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.dns.count("d.example", RrType::mx) == 0);
}

TEST_CASE("N-02 N-07 what the addresses of a host say of it") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_tlsa("mx1.d.example", kSigned);
  const auto v6 = [](std::string_view address) { return std::vector<Rdata>{AddressRdata{*parse_ip(address)}}; };
  SECTION("an insecure A tells what the zone is, whatever becomes of AAAA") {
    world.set_host("mx1.d.example", kUnsigned);
    world.dns.fail("mx1.d.example", RrType::aaaa, DnsStatus::timeout);
    CHECK(world.ask("d.example") == kSecure);
  }
  SECTION("an insecure AAAA does not: DNS64 makes such of a signed A") {
    world.dns.fail("mx1.d.example", RrType::a, DnsStatus::timeout);
    world.dns.set_records("mx1.d.example", RrType::aaaa, v6("64:ff9b::1"), kUnsigned);
    CHECK(world.ask("d.example") == kDaneOnly);
  }
  SECTION("one secure address is enough") {
    world.set_host("mx1.d.example", kSigned);
    world.dns.set_records("mx1.d.example", RrType::aaaa, v6("64:ff9b::1"), kUnsigned);
    CHECK(world.ask("d.example") == kNothing);
  }
  SECTION("AAAA alone") {
    world.dns.deny("mx1.d.example", RrType::a, kSigned);
    world.dns.set_records("mx1.d.example", RrType::aaaa, v6("2001:db8::1"), kSigned);
    CHECK(world.ask("d.example") == kNothing);
  }
  SECTION("neither can be looked up") {
    world.dns.fail("mx1.d.example", RrType::a, DnsStatus::server_failure);
    world.dns.fail("mx1.d.example", RrType::aaaa, DnsStatus::server_failure);
    CHECK(world.ask("d.example") == kDaneOnly);
  }
  SECTION("a host that does not exist takes no mail") {
    for (const RrType type : {RrType::a, RrType::aaaa})
      world.dns.deny("mx1.d.example", type, kSigned, DnsStatus::no_name);
    CHECK(world.ask("d.example") == kSecure);
    CHECK(world.tlsa_questions() == 0);
  }
}

TEST_CASE("N-04 an unsigned step of the CNAME chain of the domain makes its MX unsigned") {
  DaneWorld world;
  set_policy(world, kEnforced);
  world.dns.set("d.example", RrType::mx,
                DnsAnswer{.status = DnsStatus::found,
                          .records = {MxRdata{10, "mx1.d.example"}},
                          .chain = {"mail.prov.example"},
                          .authentic = false,
                          .ttl = 300s});
  world.set_usable("mx1.d.example");
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.tlsa_questions() == 0);
}
