// Conformance row C-15: the cache evicts a live policy while something else about the domain is under way.
#include <algorithm>

#include "catch.h"
#include "dane_world.h"

using namespace tlspolicyd;

namespace {

constexpr int kRoom = 10;
const std::string kTxtName = "_mta-sts.d.example";

void make_small(World& world) {
  world.bounds.max_entries = kRoom;
  world.restart();
}

// As many enforced policies as the cache holds, of the same size and not asked for earlier.
void crowd_out(World& world) {
  const Entry* const known = world.entry("d.example");
  if (known == nullptr) return;
  Entry other = *known;
  other.due = LifeTime::max();
  other.last_asked = world.time.life();
  for (int i = 0; i < kRoom; ++i) {
    other.domain = *Domain::parse("crowd" + std::to_string(i) + ".example");
    world.process->cache.erase(other.domain.text());
    world.process->shadow.changed(other.domain);
    world.process->cache.put(other, other.last_asked);
  }
  REQUIRE(world.entry("d.example") == nullptr);
}

// The policy of d.example is in the store alone, and its hosts are dark.
void store_only(World& world) {
  world.publish("d.example", "a", kEnforce, 60s);
  static_cast<void>(world.ask("d.example"));
  world.advance(1s);
  crowd_out(world);
  world.advance(1s);
  world.go_dark("d.example");
}

// A recheck of TXT has begun, has no answer yet, and its policy is evicted.
void evict_during_recheck(World& world) {
  make_small(world);
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(61s);
  world.dns.hold(kTxtName, RrType::txt);
  REQUIRE(world.ask("d.example") == kSecure);
  REQUIRE(world.process->learner.under_way() == 1);
  crowd_out(world);
}

// Then a question reads the store, which stalls, while the recheck finds that TXT is gone.
void end_recheck_during_read(World& world) {
  evict_during_recheck(world);
  world.stall_store(true);
  CHECK(world.ask("d.example") == kNoReply);
  world.dns.erase(kTxtName, RrType::txt);
  world.dns.release(kTxtName, RrType::txt);
  world.settle();
}

}  // namespace

TEST_CASE("C-15 a policy that is evicted while its TXT record is checked again stays in force") {
  World world;
  evict_during_recheck(world);
  world.process->cache.erase("crowd0.example");  // room for an absence
  const bool dark = GENERATE(false, true);
  if (dark) world.go_dark("d.example");
  else world.dns.erase(kTxtName, RrType::txt);
  world.dns.release(kTxtName, RrType::txt);
  world.settle();
  CHECK(world.process->learner.under_way() == 0);
  CHECK(world.ask("d.example") == kSecure);
  REQUIRE(world.entry("d.example")->held != nullptr);
  CHECK(world.entry("d.example")->failure != nullptr);
  CHECK(world.store->rows.count("d.example") == 1);
}

TEST_CASE("C-15 a policy that is evicted while its TXT record is checked again answers meanwhile, too") {
  World world;
  evict_during_recheck(world);
  for (int i = 0; i < 2; ++i) {
    CHECK(world.ask("d.example") == kSecure);
    CHECK(world.process->learner.under_way() == 1);
    crowd_out(world);
  }
  CHECK(world.process->service.answer_by_now({"QUERY", "d.example"}).rfind("TEMP ", 0) == 0);
  world.stall_store(true);
  CHECK(world.ask_and_wait("d.example").rfind("TEMP ", 0) == 0);
  world.stall_store(false);
  world.settle();
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("C-15 a discovery that ends while the store is read for a question waits for the row") {
  World world;
  end_recheck_during_read(world);
  CHECK(world.process->learner.under_way() == 1);
  world.stall_store(false);
  world.settle();
  CHECK(world.replies().back() == kSecure);
  CHECK(world.process->learner.under_way() == 0);
}

TEST_CASE("C-15 a stored policy that cannot be read is never taken for absent, and a new one replaces it") {
  World world;
  evict_during_recheck(world);
  world.settle();
  world.store->fail_reads("input/output error");
  world.dns.erase(kTxtName, RrType::txt);
  world.dns.release(kTxtName, RrType::txt);
  world.settle();
  CHECK(world.ask("d.example") == "TEMP the stored policy of d.example cannot be read");
  SECTION("until it can be") {
    world.store->fail_reads(std::nullopt);
    CHECK(world.ask("d.example") == kSecure);
  }
  SECTION("a new one") {
    world.publish("d.example", "b", document("enforce", "mx2.d.example", 604800s));
    CHECK(world.ask("d.example") == "OK secure match=mx2.d.example servername=hostname");
  }
  SECTION("purged") {
    world.process->service.purge(*Domain::parse("d.example"));
    CHECK(world.ask("d.example") == kNothing);
  }
}

TEST_CASE("C-15 a purge voids a discovery that waits for the row") {
  World world;
  end_recheck_during_read(world);
  world.process->service.purge(*Domain::parse("d.example"));
  world.stall_store(false);
  world.settle();
  CHECK(world.replies().back() == kNothing);
  CHECK(world.process->learner.under_way() == 0);
}

TEST_CASE("C-15 a policy that is evicted while a question waits for DANE is read again") {
  DaneWorld world;
  make_small(world);
  world.set_mx("d.example", {"mx1.d.example"}, kSigned);
  world.set_none("mx1.d.example");
  const bool stored = GENERATE(true, false), stalled = GENERATE(false, true);
  CAPTURE(stored, stalled);
  if (stored) {
    store_only(world);
    world.advance(3700s);
    world.dns.hold("d.example", RrType::mx);
    REQUIRE(world.ask("d.example") == kNoReply);
    REQUIRE(world.entry("d.example") != nullptr);
    CHECK(world.entry("d.example")->last_asked == world.time.life());
  } else {
    world.publish("d.example", "a", kEnforce, 60s);
    world.dns.hold("d.example", RrType::mx);
    REQUIRE(world.ask("d.example") == kNoReply);
  }
  world.advance(1s);
  crowd_out(world);
  world.stall_store(stalled);
  world.dns.release("d.example", RrType::mx);
  world.settle();
  world.time.advance(std::chrono::duration_cast<milliseconds>(world.serving.reply_timeout));
  world.settle();
  const std::string temp = "TEMP the store has not told yet what it holds of d.example";
  CHECK(world.replies().back() == (stored && stalled ? temp : kSecure));
}

TEST_CASE("C-15 all who wait for a stored policy get it, though it is evicted when some of them were answered") {
  World world;
  make_small(world);
  store_only(world);
  world.stall_store(true);
  for (int i = 0; i < 100; ++i) REQUIRE(world.ask("d.example") == kNoReply);
  const auto waiting = [&] {
    const auto replies = world.replies();
    return std::count(replies.begin(), replies.end(), kNoReply);
  };
  world.stall_store(false);
  for (auto before = waiting(); before > 0; before = waiting()) {
    while (waiting() == before) REQUIRE((world.loop.run_one() || world.lane.run() > 0));
    crowd_out(world);
  }
  const auto replies = world.replies();
  CHECK(std::count(replies.begin(), replies.end(), kSecure) == std::ptrdiff_t(replies.size()));
}

TEST_CASE("C-15 a policy larger than the cache ends in TEMP, not in reads without end") {
  World world;
  make_small(world);
  store_only(world);
  world.bounds.max_octets = 100;
  world.restart();
  world.settle();
  const auto reads = world.store->gets;
  CHECK(world.ask("d.example").rfind("TEMP ", 0) == 0);
  CHECK(world.store->gets - reads < 100);
}

TEST_CASE("C-15 a stored policy in mode testing that the cache has no room for defers no mail") {
  World world;
  make_small(world);
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  crowd_out(world);
  world.publish("t.example", "a", kTesting, 60s);
  REQUIRE(world.ask("t.example") == kNothing);
  world.advance(1s);
  REQUIRE(world.entry("t.example") == nullptr);
  world.dns.hang(true);
  REQUIRE(world.process->shadow.may_hold(*Domain::parse("t.example")));
  for (int i = 0; i < 3; ++i) CHECK(world.ask("t.example") == kNothing);
  world.dns.hang(false);
  world.settle();
  CHECK(world.ask("t.example") == kNothing);
}
