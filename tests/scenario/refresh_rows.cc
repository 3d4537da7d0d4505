// Conformance rows R: policies in use are kept alive in the background.
#include "catch.h"
#include "world.h"

using namespace tlspolicyd;

TEST_CASE("R-01 R-04 an idle policy is refreshed after a day") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  const LifeTime first = world.entry("d.example")->held->fetched;
  world.advance(25 * 3600s);
  CHECK(world.fetches("d.example") == 2);
  CHECK(world.entry("d.example")->held->fetched >= first + 86400s);
}

TEST_CASE("R-02 the refresh asks HTTPS whatever TXT says") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.dns.erase("_mta-sts.d.example", RrType::txt);
  world.advance(25 * 3600s);
  CHECK(world.fetches("d.example") == 2);
  CHECK(world.entry("d.example")->held->id == "a");
}

TEST_CASE("R-03 an equal id with another body: the new body wins") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.https.serve("mta-sts.d.example", kTesting);
  world.advance(25 * 3600s);
  CHECK(world.entry("d.example")->held->policy.mode == Mode::testing);
}

TEST_CASE("R-03 what is odd in a document is logged when the document changes, not at each refresh") {
  World world;
  const std::string odd = document("enforce", "mx1.d.example", 604800s) + "mx: 192.0.2.7\n";
  world.publish("d.example", "a", odd);
  REQUIRE(world.ask("d.example") == kSecure);
  CHECK(world.log.count(LogLevel::info, "document: domain=d.example, note=") == 1);
  world.advance(25 * 3600s);
  REQUIRE(world.fetches("d.example") == 2);
  world.restart();
  world.advance(25 * 3600s);
  REQUIRE(world.fetches("d.example") == 3);
  CHECK(world.log.count(LogLevel::info, "document: ") == 1);
  world.https.serve("mta-sts.d.example", odd + "mx: 192.0.2.8\n");
  world.advance(25 * 3600s);
  CHECK(world.log.count(LogLevel::info, "document: ") == 2);
}

TEST_CASE("R-05 failed refreshes warn from the first day on, once a day") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.advance(26 * 3600s);
  CHECK(world.log.count(LogLevel::warning, "refresh_failing") == 1);
  CHECK(world.process->metrics.value("refresh", "fail") >= 1);
  world.advance(48 * 3600s);
  CHECK(world.log.count(LogLevel::warning, "refresh_failing") == 3);
  CHECK(world.process->learner.failing() == 1);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("R-05 what fails is known as failing after a restart, too") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.advance(26 * 3600s);
  REQUIRE(world.process->learner.failing() == 1);
  world.restart();
  world.settle();
  CHECK(world.process->learner.failing() == 1);
}

TEST_CASE("R-05 a restart does not repeat the day's warning, and the next day has its own") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.advance(26 * 3600s);
  REQUIRE(world.log.count(LogLevel::warning, "refresh_failing") == 1);
  world.restart();
  world.advance(4 * 3600s);
  CHECK(world.log.count(LogLevel::warning, "refresh_failing") == 1);
  world.advance(24 * 3600s);
  CHECK(world.log.count(LogLevel::warning, "refresh_failing") == 2);
}

TEST_CASE("R-06 R-07 under mode none hosts may vanish in silence") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.publish("d.example", "b", kNone, 60s);
  world.advance(61s);
  world.ask("d.example");
  REQUIRE(world.entry("d.example")->held->policy.mode == Mode::none);
  world.go_dark("d.example");
  world.advance(3 * 86400s);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.log.count(LogLevel::warning, "d.example") == 0);
}

TEST_CASE("R-08 while TXT still shows the old id the old policy applies") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.https.serve("mta-sts.d.example", document("enforce", "mx2.d.example", 604800s));
  world.advance(61s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("d.example") == kSecure);
  world.set_id("d.example", "b", 60s);
  world.advance(61s);
  world.ask("d.example");
  CHECK(world.ask("d.example") == "OK secure match=mx2.d.example servername=hostname");
}

TEST_CASE("R-09 refreshes never take more than a tenth of the room") {
  World world;
  world.concurrency = 20;
  world.restart();
  for (int i = 0; i < 50; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example";
    world.publish(domain, "a", kEnforce);
    REQUIRE(world.ask(domain) == kSecure);
    world.https.hold("mta-sts." + domain);
  }
  world.advance(25 * 3600s);
  CHECK(world.process->fetches.running() <= 2);
  CHECK(world.process->learner.refreshes() <= 2);
  CHECK(world.process->learner.refreshes() > 0);
}

TEST_CASE("R-09 a policy nobody asks for is not refreshed for ever, also across restarts") {
  World world;
  world.publish("d.example", "a", document("enforce", "mx1.d.example", 31557600s));
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(20 * 86400s);
  world.restart();
  world.advance(12 * 86400s);
  const std::size_t fetches = world.fetches("d.example");
  CHECK(fetches >= 28);
  world.advance(10 * 86400s);
  CHECK(world.fetches("d.example") == fetches);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("a refresh does not delay or change the answer while it runs") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.https.hold("mta-sts.d.example");
  world.advance(25 * 3600s);
  CHECK(world.process->learner.refreshes() == 1);
  CHECK(world.ask("d.example") == kSecure);
}
