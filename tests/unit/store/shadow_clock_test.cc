// StoreShadow where the wall clock, on which the store's times stand, is set or wrong.
#include "catch.h"
#include "shadow_fixture.h"
#include "store/stored_row.h"
#include "sts/decide.h"

using namespace tlspolicyd;

namespace {

constexpr seconds kDay{86400};

// Takes in what has not lapsed, as the service does.
void load_usable(ShadowFixture& f) {
  f.shadow->load(
      [&f](const StoredRow& row) {
        Entry entry = from_row(row, f.time);
        if (usable(*entry.held, f.time.life())) f.cache.put(std::move(entry), f.time.life());
      },
      [] {});
  f.settle();
}

}  // namespace

TEST_CASE("C-19 when the wall clock was set the store's times are written anew") {
  ShadowFixture f;
  f.put("d.example");
  f.settle();
  const seconds step{GENERATE(86400, -86400)};
  f.time.advance(seconds(100));
  f.time.step_wall(step);
  f.shadow->mind_clock();
  f.settle();
  CHECK(f.store->rows.at("d.example").fetched == f.time.wall() - seconds(100));
  CHECK(f.log.count(LogLevel::info, "clock: action=stepped") == 1);
  CHECK(f.shadow->pending() == 0);
  f.shadow->mind_clock();
  CHECK(f.log.count(LogLevel::info, "clock: action=stepped") == 1);
}

TEST_CASE("C-19 the last chance to write them is the end") {
  ShadowFixture f;
  f.put("d.example");
  f.settle();
  f.time.step_wall(kDay);
  f.shadow->drain([] {});
  f.settle();
  CHECK(f.store->rows.at("d.example").fetched == f.time.wall());
}

TEST_CASE("small steps of the wall clock cost nothing until they add up") {
  ShadowFixture f;
  f.put("d.example");
  f.settle();
  const auto commits = f.store->batches.size();
  f.time.step_wall(seconds(40));
  f.shadow->mind_clock();
  f.settle();
  CHECK(f.store->batches.size() == commits);
  f.time.step_wall(seconds(40));
  f.shadow->mind_clock();
  f.settle();
  CHECK(f.store->rows.at("d.example").fetched == f.time.wall());
}

TEST_CASE("C-19 rows that lapsed by a wrong wall clock count again when it is set right") {
  ShadowFixture f;
  f.stored("d.example");
  f.time.step_wall(1000 * kDay);
  f.restart();
  load_usable(f);
  CHECK(f.cache.find("d.example") == nullptr);
  CHECK(f.store->rows.count("d.example") == 1);
  f.time.advance(seconds(3600));
  f.time.step_wall(-1000 * kDay);
  f.shadow->mind_clock();
  f.settle();
  REQUIRE(f.cache.find("d.example") != nullptr);
  CHECK(f.cache.find("d.example")->held->fetched == f.time.life() - seconds(3600));
  CHECK(f.shadow->state() == "ok");
}

TEST_CASE("rows that lapsed go when the wall clock has stood for a day, and only they") {
  ShadowFixture f;
  f.stored("lapsed.example");
  f.time.advance(2 * kDay);
  f.stored("live.example");
  f.restart();
  load_usable(f);
  f.time.advance(kDay - seconds(1));
  f.shadow->mind_clock();
  f.settle();
  CHECK(f.store->rows.count("lapsed.example") == 1);
  f.time.advance(seconds(1));
  f.shadow->mind_clock();
  f.settle();
  CHECK(f.store->rows.count("lapsed.example") == 0);
  CHECK(f.store->rows.count("live.example") == 1);
  CHECK(f.shadow->pending() == 0);
}

TEST_CASE("rows that lapsed by a wrong clock survive that strays are looked for, but not forget_all") {
  ShadowFixture f;
  f.stored("d.example");
  f.time.step_wall(1000 * kDay);
  f.restart();
  load_usable(f);
  f.store->fail_writes("database or disk is full");
  for (std::size_t i = 0; i <= StoreBacklog::kMostNames; ++i)
    f.shadow->changed(domain_of("d" + std::to_string(i) + ".example"));
  f.settle();
  f.store->fail_writes({});
  f.time.advance(seconds(60));
  f.settle();
  CHECK(f.shadow->pending() == 0);
  CHECK(f.store->rows.count("d.example") == 1);
  f.shadow->forget_all();
  f.settle();
  CHECK(f.store->rows.empty());
}

TEST_CASE("C-16 what an operator has forgotten does not come back, however much gathers before all is loaded") {
  ShadowFixture f;
  f.stored("purged.example");
  f.store->fail_writes("database or disk is full");
  f.shadow->forget(domain_of("purged.example"));
  for (std::size_t i = 0; i <= StoreBacklog::kMostNames; ++i)
    f.shadow->changed(domain_of("d" + std::to_string(i) + ".example"));
  bool found = true;
  const Ticket read = f.shadow->get(domain_of("purged.example"), [&](const auto& row) { found = row.has_value(); });
  load_usable(f);
  CHECK_FALSE(found);
  CHECK(f.shadow->loaded());
  CHECK(f.cache.find("purged.example") == nullptr);
  f.store->fail_writes({});
  f.time.advance(seconds(60));
  f.settle();
  CHECK(f.store->rows.empty());
}
