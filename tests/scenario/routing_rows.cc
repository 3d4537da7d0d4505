// Conformance rows S: which policy domain a key stands for.
#include "catch.h"
#include "world.h"

using namespace tlspolicyd;

TEST_CASE("S-03 keys with a leading dot are NOTFOUND without a look-up") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  const std::size_t asked = world.dns.asked.size();
  CHECK(world.ask(".d.example") == kNothing);
  CHECK(world.ask(".example") == kNothing);
  CHECK(world.dns.asked.size() == asked);
}

TEST_CASE("S-04 S-05 a smart host's own name is the policy domain") {
  World world;
  world.publish("relay.example", "a", kEnforce);
  for (const char* key : {"relay.example", "relay.example:587", "[relay.example]", "[relay.example]:587"}) {
    CAPTURE(key);
    CHECK(world.ask(key) == kSecure);
  }
  CHECK(world.txt_questions("relay.example") == 1);
}

TEST_CASE("S-06 S-08 what is no domain is NOTFOUND without a look-up") {
  World world;
  const auto key = GENERATE("[192.0.2.1]", "[IPv6:2001:db8::1]", "[2001:db8::1]:25", "192.0.2.1", "", "*", " ",
                            "/var/run/lmtp", "localhost", "a_b.example", "a..example", "-a.example", "\xff.example",
                            "d.example\n", "d.example:0x19:");
  CAPTURE(key);
  CHECK(world.ask(key) == kNothing);
  CHECK(world.dns.asked.empty());
}

TEST_CASE("S-10 domains that share MX hosts do not share policies") {
  World world;
  world.publish("d.example", "a", kEnforce);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("e.example") == kNothing);
}

TEST_CASE("S-09 other map names get the plain form, with one log line") {
  World world;
  world.publish("d.example", "a", kEnforce);
  CHECK(world.ask("d.example", "anything") == kSecure);
  CHECK(world.ask("d.example", "anything") == kSecure);
  CHECK(world.ask("d.example", "query") == kSecure);
  CHECK(world.log.count(LogLevel::info, "map: ") == 1);
  CHECK(world.log.count(LogLevel::info, "map: name=anything, form=plain") == 1);
  CHECK(world.ask("d.example", "querywithtlsrpt").find("policy_type=sts") != std::string::npos);
}
