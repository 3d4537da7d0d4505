// StoreShadow where the cache has no room for all that the store holds.
#include "catch.h"
#include "shadow_fixture.h"
#include "store/stored_row.h"
#include "sts/decide.h"

using namespace tlspolicyd;

namespace {

struct Evicting : ShadowFixture {
  // As the daemon does when the cache lets go of an entry.
  void evict(const std::string& domain) {
    const Entry gone = *cache.find(domain);
    cache.erase(domain);
    shadow->evicted(gone);
  }
  bool found(const std::string& domain) {
    bool there = false;
    const Ticket ticket = shadow->get(domain_of(domain), [&](const auto& row) { there = row.has_value(); });
    settle();
    return there;
  }
};

}  // namespace

TEST_CASE("C-15 a live policy that leaves the cache stays in the store, and only such are read from there") {
  Evicting f;
  f.load();
  f.put("a.example");
  f.settle();
  f.evict("a.example");
  f.settle();
  CHECK(f.store->rows.count("a.example") == 1);
  CHECK(f.shadow->beyond_memory() == 1);
  CHECK(f.shadow->may_hold(domain_of("a.example")));
  CHECK(f.shadow->holds(domain_of("a.example")));
  CHECK(f.found("a.example"));
  CHECK(f.store->gets == 1);
  CHECK_FALSE(f.shadow->may_hold(domain_of("unknown.example")));
  CHECK_FALSE(f.found("unknown.example"));
  CHECK(f.store->gets == 1);
  f.shadow->adopted(domain_of("a.example"));
  f.put("a.example");
  CHECK(f.shadow->beyond_memory() == 0);
}

TEST_CASE("C-15 a policy that leaves the cache before it is written is written all the same, and found meanwhile") {
  Evicting f;
  f.load();
  f.settle();
  const bool failing = GENERATE(false, true);
  CAPTURE(failing);
  if (failing) f.store->fail_writes("database or disk is full");
  f.put("a.example");
  SECTION("not on its way yet") {}
  SECTION("on its way") { f.loop.run(); }
  f.evict("a.example");
  if (failing) {
    f.settle();
    CHECK(f.found("a.example"));
    CHECK(f.store->rows.empty());
    f.store->fail_writes({});
    f.time.advance(seconds(1));
  }
  f.settle();
  CHECK(f.store->rows.count("a.example") == 1);
  CHECK(f.found("a.example"));
  CHECK(f.shadow->pending() == 0);
}

TEST_CASE("C-15 what could not be written and was given up by the cache takes bounded memory, older rows stay") {
  Evicting f;
  f.stored("old.example");
  f.load();
  f.settle();
  f.store->fail_writes("database or disk is full");
  const std::string text(1 << 20, 'x');
  const auto put_large = [&](const std::string& domain) {
    Entry entry = f.enforced(domain);
    entry.held = held(Mode::enforce, seconds(86400), f.time.life(), text);
    f.cache.put(std::move(entry), f.time.life());
    f.shadow->changed(domain_of(domain));
    f.evict(domain);
  };
  for (int i = 0; i < 40; ++i) put_large("large" + std::to_string(i) + ".example");
  put_large("old.example");
  CHECK(f.metrics.value("store", "unwritten_lost") > 0);
  f.settle();
  f.store->fail_writes({});
  f.time.advance(seconds(60));
  f.settle();
  CHECK(f.store->rows.size() > 20);
  CHECK(f.store->rows.size() < 40);
  CHECK(f.store->rows.at("old.example").policy.text.size() < text.size());
  CHECK(f.shadow->pending() == 0);
}

TEST_CASE("C-15 a policy that has ended when it leaves the cache leaves the store, too") {
  Evicting f;
  f.load();
  f.put("a.example");
  f.settle();
  f.time.advance(seconds(90'000));
  f.evict("a.example");
  f.settle();
  CHECK(f.store->rows.empty());
  CHECK(f.shadow->beyond_memory() == 0);
}

TEST_CASE("C-15 purges reach what the cache has no room for") {
  Evicting f;
  f.load();
  for (const char* const name : {"a.example", "b.example", "c.example"}) f.put(name);
  f.settle();
  for (const char* const name : {"a.example", "b.example", "c.example"}) f.evict(name);
  SECTION("one") {
    f.shadow->forget(domain_of("a.example"));
    CHECK_FALSE(f.found("a.example"));
    f.settle();
    CHECK(f.store->rows.size() == 2);
    CHECK(f.shadow->beyond_memory() == 2);
  }
  SECTION("all, and what leaves the cache after that stays") {
    f.shadow->forget_all();
    f.put("new.example");
    f.settle_now();
    f.evict("new.example");
    f.settle();
    CHECK(f.store->rows.size() == 1);
    CHECK(f.store->rows.count("new.example") == 1);
  }
  SECTION("one that is not written yet") {
    f.store->fail_writes("disk I/O error");
    f.put("new.example");
    f.evict("new.example");
    f.settle();
    f.shadow->forget(domain_of("new.example"));
    f.store->fail_writes({});
    f.time.advance(seconds(2));
    f.settle();
    CHECK(f.store->rows.count("new.example") == 0);
  }
  CHECK(f.shadow->pending() == 0);
}

TEST_CASE("the bound of the store can be set while it is used") {
  Evicting f;
  f.shadow->set_max_octets(4096);
  f.settle();
  CHECK(f.store->max_octets == 4096);
  f.restart(false);
  f.shadow->set_max_octets(1);
  f.settle();
}

TEST_CASE("C-15 a row that is gone from the store is not read twice") {
  Evicting f;
  f.load();
  f.put("a.example");
  f.settle();
  f.evict("a.example");
  f.store->rows.clear();
  CHECK_FALSE(f.found("a.example"));
  CHECK_FALSE(f.shadow->may_hold(domain_of("a.example")));
  SECTION("but one that could not be read is") {
    f.put("b.example");
    f.settle();
    f.evict("b.example");
    f.store->fail_reads("disk I/O error");
    CHECK_FALSE(f.found("b.example"));
    CHECK(f.shadow->may_hold(domain_of("b.example")));
  }
}

TEST_CASE("C-16 another daemon's rows that we have never seen stay, also when lapsed rows go") {
  ShadowFixture f;
  f.stored("lapsed.example");
  f.time.advance(seconds(2 * 86400));
  f.restart();
  f.load();
  f.settle();
  f.shadow->pass_over(*f.cache.find("lapsed.example"));
  f.cache.erase("lapsed.example");
  StoredRow theirs = to_row(f.enforced("theirs.example"), f.time);
  theirs.checked = f.time.wall();
  f.store->rows.emplace("theirs.example", theirs);
  f.time.advance(seconds(86400));
  f.shadow->mind_clock();
  f.settle();
  CHECK(f.store->rows.count("lapsed.example") == 0);
  CHECK(f.store->rows.count("theirs.example") == 1);
}
