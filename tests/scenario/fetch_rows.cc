// Conformance rows F and P-15 where they concern the service: what a fetch, or its
// failure, does to answers.
#include "catch.h"
#include "world.h"

using namespace tlspolicyd;

TEST_CASE("F-01 one GET on port 443 of the policy host") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  world.ask("d.example");
  REQUIRE(world.https.fetched.size() == 1);
  const FetchRequest& request = world.https.fetched[0];
  CHECK(request.host == "mta-sts.d.example");
  CHECK(request.path == "/.well-known/mta-sts.txt");
  CHECK(request.port == 443);
}

TEST_CASE("F-24 a failed fetch with nothing cached delivers as if MTA-STS did not exist") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  const auto fault =
      GENERATE(FetchFault::refused, FetchFault::cert_expired, FetchFault::status, FetchFault::redirect,
               FetchFault::timeout, FetchFault::truncated, FetchFault::too_large, FetchFault::media_type);
  world.https.fail("mta-sts.d.example", fault);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("F-24 a policy host without address delivers, too") {
  World world;
  world.set_id("d.example", "id1");
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.https.fetched.empty());
}

TEST_CASE("F-03 F-06 F-13 F-15 faults are counted by their RFC 8460 result") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  const auto [fault, result] = GENERATE(table<FetchFault, const char*>({
      {FetchFault::cert_unknown_ca, "sts-webpki-invalid"},
      {FetchFault::cert_expired, "sts-webpki-invalid"},
      {FetchFault::cert_wrong_name, "sts-webpki-invalid"},
      {FetchFault::timeout, "sts-policy-fetch-error"},
      {FetchFault::status, "sts-policy-fetch-error"},
      {FetchFault::media_type, "sts-policy-invalid"},
  }));
  world.https.fail("mta-sts.d.example", fault);
  world.ask("d.example");
  CHECK(world.process->metrics.value("fetch", result) == 1);
  CHECK(world.process->metrics.value("fetch_fault", name_of(fault)) == 1);
  CHECK(world.process->learner.failing() == 0);  // nothing is held that could run out
}

TEST_CASE("F-25 P-15 a failed fetch or a malformed document leaves a live policy in force") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  const auto held = world.entry("d.example")->held;
  const auto body = GENERATE(std::string(), std::string("garbage"), std::string("version: STSv1\nmode: none\n"),
                             std::string("version: STSv2\nmode: none\nmax_age: 1\n"));
  if (body.empty()) world.https.fail("mta-sts.d.example", FetchFault::cert_expired);
  else world.https.serve("mta-sts.d.example", body);
  world.set_id("d.example", "b");
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.fetches("d.example") == 2);
  CHECK(world.entry("d.example")->held == held);
}

TEST_CASE("F-26 a slow policy host: NOTFOUND at reply_timeout, the policy once it is there") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  world.https.hold("mta-sts.d.example");
  CHECK(world.ask_and_wait("d.example") == kNothing);
  world.https.release("mta-sts.d.example");
  world.settle();
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.fetches("d.example") == 1);
}

TEST_CASE("F-27 IPv6 and IPv4 addresses take turns, IPv6 first") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  world.dns.set_address("mta-sts.d.example", "2600::1");
  world.ask("d.example");
  REQUIRE(world.https.fetched.size() == 1);
  REQUIRE(world.https.fetched[0].addresses.size() == 2);
  CHECK(to_text(world.https.fetched[0].addresses[0]) == "2600::1");
  CHECK(to_text(world.https.fetched[0].addresses[1]) == "1.2.3.4");
}

TEST_CASE("F-15 the deadline of a fetch runs from its address look-up on") {
  World world;
  world.learning.discovery.fetch_timeout = 3s;
  world.restart();
  world.set_id("d.example", "a");
  world.dns.hold("mta-sts.d.example");
  std::string reply;
  const Ticket ticket =
      world.process->service.answer({"QUERY", "d.example"}, [&](std::string_view payload) { reply = payload; });
  world.advance(2s);
  CHECK(reply.empty());
  world.advance(1s);
  CHECK(reply == kNothing);
  CHECK(world.entry("d.example")->failure);
}

TEST_CASE("F-27 the fetch begins with the family that is there, and gets the other's addresses when they come") {
  const auto [late, address, first, other] = GENERATE(table<RrType, const char*, const char*, const char*>({
      {RrType::aaaa, "2600::1", "1.2.3.4", "2600::1"},
      {RrType::a, "2600::1", "2600::1", "1.2.3.4"},
  }));
  World world;
  world.publish("d.example", "id1", kEnforce);
  world.dns.set_address("mta-sts.d.example", address);
  world.dns.hold("mta-sts.d.example", late);
  world.https.hold("mta-sts.d.example");
  world.ask("d.example");
  CHECK(world.https.fetched.empty());
  world.time.advance(50ms);
  world.settle();
  REQUIRE(world.https.fetched.size() == 1);
  const FetchRequest& request = world.https.fetched[0];
  REQUIRE(request.addresses.size() == 1);
  CHECK(to_text(request.addresses[0]) == first);
  REQUIRE(request.late);
  CHECK_FALSE(request.late->arrived());
  world.time.advance(200ms);
  world.dns.release("mta-sts.d.example", late);
  world.settle();
  REQUIRE(request.late->arrived());
  REQUIRE(request.late->arrived()->size() == 1);
  CHECK(to_text(request.late->arrived()->front()) == other);
}

TEST_CASE("F-27 a fetch is told when the slower family has no address, too") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  const bool fails = GENERATE(false, true);
  if (fails) world.dns.fail("mta-sts.d.example", RrType::aaaa, DnsStatus::timeout);
  world.dns.hold("mta-sts.d.example", RrType::aaaa);
  world.https.hold("mta-sts.d.example");
  world.ask("d.example");
  world.time.advance(50ms);
  world.settle();
  REQUIRE(world.https.fetched.size() == 1);
  world.dns.release("mta-sts.d.example", RrType::aaaa);
  world.settle();
  REQUIRE(world.https.fetched[0].late->arrived());
  CHECK(world.https.fetched[0].late->arrived()->empty());
}

TEST_CASE("F-27 late addresses reach a fetch that still waits for its turn") {
  World world;
  world.concurrency = 1;
  world.restart();
  world.publish("busy.example", "id1", kEnforce);
  world.https.hold("mta-sts.busy.example");
  world.ask("busy.example");
  world.publish("d.example", "id1", kEnforce);
  world.dns.set_address("mta-sts.d.example", "2600::1");
  world.dns.hold("mta-sts.d.example", RrType::a);
  world.ask("d.example");
  world.time.advance(50ms);
  world.settle();
  world.dns.release("mta-sts.d.example", RrType::a);
  world.settle();
  REQUIRE(world.fetches("d.example") == 0);
  world.https.release("mta-sts.busy.example");
  world.settle();
  REQUIRE(world.fetches("d.example") == 1);
  CHECK(world.https.fetched.back().addresses.size() == 2);
  CHECK_FALSE(world.https.fetched.back().late);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("F-27 F-32 nothing is concluded while the other family may bring an address that may be connected to") {
  const char* const first = GENERATE("10.0.0.1", "none");
  World world;
  world.set_id("d.example", "id1");
  if (std::string_view(first) == "none") world.dns.deny("mta-sts.d.example", RrType::a, false);
  else world.dns.set_address("mta-sts.d.example", first);
  world.dns.set_address("mta-sts.d.example", "2600::1");
  world.https.serve("mta-sts.d.example", kEnforce);
  world.dns.hold("mta-sts.d.example", RrType::aaaa);
  std::string reply;
  const Ticket ticket =
      world.process->service.answer({"QUERY", "d.example"}, [&](std::string_view payload) { reply = payload; });
  world.advance(2s);
  CHECK(reply.empty());
  CHECK(world.https.fetched.empty());
  world.dns.release("mta-sts.d.example", RrType::aaaa);
  world.settle();
  CHECK(reply == kSecure);
}

TEST_CASE("F-28 want of descriptors or ports on this host costs no back-off") {
  World world;
  world.publish("d.example", "a", kEnforce);
  world.https.fail("mta-sts.d.example", FetchFault::shortage);
  CHECK(world.ask("d.example") == kNothing);
  world.publish("d.example", "a", kEnforce);
  world.advance(61s);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("F-27 of thousands of addresses a bounded number is handed on, of each family") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  DnsAnswer many{.status = DnsStatus::found, .ttl = 300s};
  for (int i = 0; i < 200; ++i) many.records.emplace_back(AddressRdata{*parse_ip("1.2.3." + std::to_string(i))});
  world.dns.set("mta-sts.d.example", RrType::a, many);
  world.dns.set_address("mta-sts.d.example", "2600::1");
  world.ask("d.example");
  CHECK(world.https.fetched[0].addresses.size() == 32 + 1);
}

TEST_CASE("F-28 ten questions within the back-off make one fetch, the next one comes after it") {
  World world;
  world.publish("d.example", "a", kEnforce, 86400s);
  world.https.fail("mta-sts.d.example", FetchFault::status);
  for (int i = 0; i < 10; ++i) {
    CHECK(world.ask("d.example") == kNothing);
    world.advance(29s);
  }
  world.advance(9s);
  CHECK(world.fetches("d.example") == 1);
  world.advance(2s);
  world.ask("d.example");
  CHECK(world.fetches("d.example") == 2);
}

TEST_CASE("F-28 a domain that found no room to be fetched is fetched when asked for a minute later") {
  World world;
  world.publish("d.example", "a", kEnforce);
  world.https.fail("mta-sts.d.example", FetchFault::displaced);
  CHECK(world.ask("d.example") == kNothing);
  world.publish("d.example", "a", kEnforce);
  CHECK(world.ask("d.example") == kNothing);
  world.advance(61s);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("F-29 another id is fetched at once") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  world.https.fail("mta-sts.d.example", FetchFault::status);
  CHECK(world.ask("d.example") == kNothing);
  world.publish("d.example", "b", kEnforce, 60s);
  world.advance(61s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.fetches("d.example") == 2);
}

TEST_CASE("F-30 the back-off suppresses fetching, not the cached policy") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.set_id("d.example", "b", 60s);
  world.https.fail("mta-sts.d.example", FetchFault::refused);
  for (int i = 0; i < 4; ++i) {
    world.advance(61s);
    CHECK(world.ask("d.example") == kSecure);
  }
  CHECK(world.fetches("d.example") == 2);
}

TEST_CASE("F-31 a tiny max_age is fetched once a minute at most") {
  World world;
  world.publish("d.example", "a", document("enforce", "mx1.d.example", 1s), 60s);
  for (int i = 0; i < 59; ++i) {
    world.ask("d.example");
    world.advance(1s);
  }
  CHECK(world.fetches("d.example") == 1);
  world.advance(2s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.fetches("d.example") == 2);
}

TEST_CASE("F-32 special-use addresses are skipped, and nothing is fetched where none is left") {
  World world;
  world.publish("d.example", "a", kEnforce);
  world.dns.set_address("mta-sts.d.example", "127.0.0.1");
  world.dns.set_address("mta-sts.d.example", "::1");
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.https.fetched.empty());
  world.publish("e.example", "a", kEnforce);
  world.dns.set_address("mta-sts.e.example", "fe80::1");
  CHECK(world.ask("e.example") == kSecure);
  CHECK(world.https.fetched[0].addresses.size() == 1);
}

TEST_CASE("F-32 allow_private_addresses lets them through") {
  World world;
  world.learning.discovery.allow_private_addresses = true;
  world.restart();
  world.publish("d.example", "a", kEnforce);
  world.dns.set_address("mta-sts.d.example", "10.0.0.1");
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("X-04 ten thousand ids in turn cost one entry, and leave the policy in force where fetching fails") {
  World world;
  world.publish("d.example", "id0", document("enforce", "mx1.d.example", 31'557'600s), 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  const bool fails = GENERATE(false, true);
  if (fails) world.https.fail("mta-sts.d.example", FetchFault::reset);
  for (int id = 1; id <= 10'000; ++id) {
    world.set_id("d.example", "id" + std::to_string(id), 60s);
    world.time.advance(61s);
    REQUIRE(world.ask("d.example") == kSecure);
  }
  CHECK(world.process->cache.census().entries == 1);
  CHECK(world.process->cache.census().octets < 3'000);
  CHECK(world.fetches("d.example") <= 10'001);
}
