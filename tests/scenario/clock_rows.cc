// Conformance rows C-16 and C-19: the wall clock is wrong at the start, or is set.
#include "catch.h"
#include "world.h"

using namespace tlspolicyd;

namespace {

constexpr seconds kDay = 86400s;
const std::string kLoaded = "loaded.example", kFetched = "fetched.example";

// The machine was off, and its clock is `behind` at the boot.
void boot(World& world, seconds off, seconds behind) {
  world.restart();  // in order: all is written
  world.process.reset();
  world.time.advance(off);
  world.time.step_wall(-behind);
  world.restart();
  world.settle();
}

void set_clock(World& world, seconds by) {
  world.time.step_wall(by);
  world.advance(61s);
}

// A policy that was loaded, and one that was fetched since; both are dark from now on.
void begin(World& world, seconds max_age, seconds off = 60s, seconds behind = 0s) {
  for (const std::string& domain : {kLoaded, kFetched})
    world.publish(domain, "a", document("enforce", "mx1.d.example", max_age));
  REQUIRE(world.ask(kLoaded) == kSecure);
  boot(world, off, behind);
  REQUIRE(world.ask(kFetched) == kSecure);
  for (const std::string& domain : {kLoaded, kFetched}) world.go_dark(domain);
  REQUIRE(world.ask(kLoaded) == kSecure);
}

// As if the cache had no room for it.
void evict(World& world, const std::string& domain) {
  REQUIRE(world.entry(domain) != nullptr);
  const Entry gone = *world.entry(domain);
  world.process->cache.erase(domain);
  world.process->shadow.evicted(gone);
}

WallTime stored_time(World& world, const std::string& domain) {
  world.process->shadow.drain([] {});
  world.settle();
  return world.store->rows.at(domain).fetched;
}

}  // namespace

TEST_CASE("C-19 a clock that is behind at the boot renews no lifetime: once it is set the policy has ended") {
  World world;
  begin(world, kDay, 69 * 3600s, 69 * 3600s);
  const WallTime fetched = stored_time(world, kLoaded);
  set_clock(world, 69 * 3600s);
  CHECK(world.ask(kLoaded) == kNothing);
  CHECK(world.ask(kFetched) == kSecure);
  CHECK(world.store->rows.at(kLoaded).fetched == fetched);
}

TEST_CASE("C-19 a row that waits to be written when its policy turns out to have ended stays in the store") {
  World world;
  begin(world, kDay, 69 * 3600s, 69 * 3600s);
  world.process->shadow.changed(Domain::parse(kLoaded).value());
  world.time.step_wall(69 * 3600s);
  world.time.advance(60s);  // the clock is looked at, and nothing is written yet
  world.advance(1s);
  CHECK(world.ask(kLoaded) == kNothing);
  CHECK(world.store->rows.count(kLoaded) == 1);
}

TEST_CASE("C-19 a policy that was loaded and has not ended by the right clock lives as long as published") {
  World world;
  begin(world, 10 * kDay, 3 * kDay, 3 * kDay);
  set_clock(world, 3 * kDay);
  world.advance(7 * kDay - 200s);
  CHECK(world.ask(kLoaded) == kSecure);
  world.advance(200s);
  CHECK(world.ask(kLoaded) == kNothing);
}

TEST_CASE("C-19 a false step within the hour ends only what was loaded, until the clock is set back") {
  World world;
  begin(world, 10 * kDay);
  set_clock(world, 365 * kDay);
  CHECK(world.ask(kLoaded) == kNothing);
  CHECK(world.ask(kFetched) == kSecure);
  set_clock(world, -365 * kDay);
  world.advance(61s);
  CHECK(world.ask(kLoaded) == kSecure);
  CHECK(world.ask(kFetched) == kSecure);
}

TEST_CASE("C-19 a false step of a year after the first hour ends nothing") {
  World world;
  begin(world, 10 * kDay);
  world.advance(3700s);
  const WallTime fetched = stored_time(world, kLoaded);
  set_clock(world, 365 * kDay);
  CHECK(world.ask(kLoaded) == kSecure);
  CHECK(world.ask(kFetched) == kSecure);
  CHECK(stored_time(world, kLoaded) == fetched);
  world.advance(10 * kDay);
  CHECK(world.ask(kLoaded) == kNothing);
  CHECK(world.ask(kFetched) == kNothing);
}

TEST_CASE("C-19 a clock that is set back: the stored times it wrote while it was ahead are written anew") {
  World world;
  world.time.step_wall(100 * kDay);
  begin(world, 10 * kDay);
  set_clock(world, -100 * kDay);
  CHECK(stored_time(world, kLoaded) <= world.time.wall());
  world.advance(8 * kDay);
  boot(world, 60s, 0s);
  CHECK(world.ask(kLoaded) == kSecure);
  world.advance(2 * kDay);
  CHECK(world.ask(kLoaded) == kNothing);
}

TEST_CASE("C-19 a stored time in the future that no clock has reached within the hour is written anew") {
  World world;
  begin(world, 10 * kDay, 60s, 100 * kDay);
  const WallTime fetched = stored_time(world, kLoaded);
  CHECK(fetched > world.time.wall());
  world.advance(3500s);
  CHECK(stored_time(world, kLoaded) == fetched);
  world.advance(200s);
  CHECK(stored_time(world, kLoaded) <= world.time.wall() - 3600s);
}

TEST_CASE(
    "C-19 a policy that was fetched since the start and evicted has its true age, whatever the clock was set by") {
  const seconds behind = GENERATE(3 * kDay, -3 * kDay, 300 * kDay);
  const bool after_the_hour = GENERATE(false, true), written = GENERATE(true, false),
             adopted_before = GENERATE(false, true);
  CAPTURE(behind, after_the_hour, written, adopted_before);
  World world;
  world.time.step_wall(-behind);
  world.restart();
  world.settle();
  world.publish(kFetched, "a", document("enforce", "mx1.d.example", 2 * kDay), 3600s);
  REQUIRE(world.ask(kFetched) == kSecure);
  world.go_dark(kFetched);
  if (after_the_hour) world.advance(3700s);
  if (!written)
    world.store->fail_writes("database or disk is full"), world.process->shadow.changed(*Domain::parse(kFetched));
  evict(world, kFetched);
  world.advance(1s);
  if (adopted_before) REQUIRE(world.ask(kFetched) == kSecure);
  set_clock(world, behind);
  if (adopted_before) evict(world, kFetched);
  for (int step = 0; step < 2; ++step) {
    CHECK(world.ask(kFetched) == kSecure);
    set_clock(world, 5 * kDay);
    evict(world, kFetched);
    set_clock(world, -10 * kDay);
  }
  world.store->fail_writes(std::nullopt);
  world.advance(61s);
  CHECK(world.ask(kFetched) == kSecure);
  const seconds age = world.time.wall() - stored_time(world, kFetched);
  CHECK(age >= (after_the_hour ? 3700s : 0s));
  CHECK(age < (after_the_hour ? 3700s : 0s) + 600s);
  evict(world, kFetched);
  world.advance(2 * kDay - age + 1s);
  CHECK(world.ask(kFetched) == kNothing);
}

TEST_CASE("C-19 a policy that was loaded and evicted ends by a clock that is set forward") {
  World world;
  begin(world, kDay, 69 * 3600s, 69 * 3600s);
  evict(world, kLoaded);
  evict(world, kFetched);
  world.advance(1s);
  set_clock(world, 69 * 3600s);
  CHECK(world.ask(kLoaded) == kNothing);
  CHECK(world.ask(kFetched) == kSecure);
}

TEST_CASE(
    "C-19 a false step after the first hour ends no policy that was loaded and evicted, nor prolongs it when undone") {
  const bool adopted_meanwhile = GENERATE(false, true);
  World world;
  begin(world, 10 * kDay);
  world.advance(3700s);
  for (const std::string& domain : {kLoaded, kFetched}) evict(world, domain);
  world.advance(1s);
  set_clock(world, 365 * kDay);
  for (const std::string& domain : {kLoaded, kFetched}) {
    if (adopted_meanwhile) CHECK(world.ask(domain) == kSecure);
    if (adopted_meanwhile) evict(world, domain);
  }
  set_clock(world, -365 * kDay);
  for (const std::string& domain : {kLoaded, kFetched}) CHECK(world.ask(domain) == kSecure);
  for (const std::string& domain : {kLoaded, kFetched}) evict(world, domain);
  world.advance(10 * kDay);
  for (const std::string& domain : {kLoaded, kFetched}) CHECK(world.ask(domain) == kNothing);
}
