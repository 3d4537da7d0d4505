#include "store/stored_row.h"
#include "catch.h"
#include "shadow_fixture.h"

using namespace tlspolicyd;

namespace {

// The machine was off for `off`, and came back with another boot clock.
StoredRow row_of(const FakeTime& time, seconds age) {
  Entry entry = policy("d.example", Mode::enforce, seconds(1000), time.life() - age, time.life() - seconds(5));
  entry.checked = time.life() - seconds(7);
  entry.failure = std::make_shared<const Failure>(Failure{.result = StsResult::sts_webpki_invalid,
                                                          .since = time.life() - age + seconds(30),
                                                          .count = 4,
                                                          .detail = "expired"});
  return to_row(entry, time);
}

}  // namespace

TEST_CASE("C-16 an entry comes back from its row as old as it was, and older by the time between") {
  FakeTime time;
  const StoredRow row = row_of(time, seconds(100));
  CHECK(row.fetched == time.wall() - seconds(100));
  CHECK(row.checked == time.wall() - seconds(7));
  CHECK(row.last_asked == time.wall() - seconds(5));
  time.advance(seconds(50));
  const Entry entry = from_row(row, time);
  CHECK(entry.domain.text() == "d.example");
  CHECK(entry.held->fetched == time.life() - seconds(150));
  CHECK(entry.held->policy == row.policy);
  CHECK(entry.held->id == "20260101");
  CHECK(entry.checked == time.life() - seconds(57));
  CHECK(entry.last_asked == time.life() - seconds(55));
  CHECK(entry.due == LifeTime::max());
  REQUIRE(entry.failure);
  CHECK(entry.failure->since == time.life() - seconds(120));
  CHECK(entry.failure->count == 4);
  CHECK(entry.failure->detail == "expired");
  CHECK_FALSE(entry.fetches);
}

TEST_CASE("a DANE status comes back as old as it was, and never lasts longer than it may") {
  FakeTime time;
  Entry before = policy("d.example", Mode::enforce, seconds(1000), time.life() - seconds(100));
  const DaneStatus status{MxState::signed_records, {{"mx1.d.example", HostFinding::tlsa_absent}}};
  before.dane = with_hop(nullptr, learned(nullptr, {}, status, seconds(300), time.life() - seconds(20)));
  const StoredRow row = to_row(before, time);
  time.advance(seconds(50));
  const Entry entry = from_row(row, time);
  REQUIRE(entry.dane);
  CHECK(entry.dane->front().status == status);
  CHECK(entry.dane->front().seen == time.life() - seconds(70));
  CHECK(entry.dane->front().current_until == time.life() + seconds(230));
  time.step_wall(seconds(-86400));
  CHECK(from_row(row, time).dane->front().current_until <= time.life() + kMaxDaneCurrent);
}

TEST_CASE("C-19 a fetch time in the future counts as now and is refreshed at once") {
  FakeTime time;
  StoredRow row = row_of(time, seconds(100));
  time.step_wall(seconds(-86400));
  const Entry entry = from_row(row, time);
  CHECK(entry.held->fetched == time.life());
  CHECK(entry.due == time.life());
  CHECK(entry.checked == time.life());
  CHECK(entry.last_asked == time.life());
  CHECK(entry.failure->since == time.life());
}

TEST_CASE("C-19 a row that was loaded keeps its wall time, and gives the age anew, but never a younger one") {
  FakeTime time;
  const StoredRow row = row_of(time, seconds(100));
  time.advance(seconds(500));
  time.step_wall(seconds(-700));  // behind since the boot, even of the time of the fetch
  const Entry loaded = from_row(row, time);
  CHECK(loaded.held->fetched == time.life());
  CHECK(to_row(loaded, time).fetched == row.fetched);
  CHECK_FALSE(aged_by_store(loaded, time));
  time.step_wall(seconds(700));
  const auto aged = aged_by_store(loaded, time);
  REQUIRE(aged);
  CHECK(aged->held->fetched == time.life() - seconds(600));
  CHECK(aged->held->policy == row.policy);
  CHECK(to_row(*aged, time).fetched == row.fetched);
  time.step_wall(seconds(-300));
  CHECK_FALSE(aged_by_store(*aged, time));
}

TEST_CASE("C-19 a DANE status that was loaded becomes older with its policy") {
  FakeTime time;
  Entry before = policy("d.example", Mode::enforce, seconds(1000), time.life() - seconds(100));
  before.dane =
      with_hop(nullptr, learned(nullptr, {}, {MxState::signed_records, {{"mx1.d.example", HostFinding::tlsa_absent}}},
                                seconds(300), time.life() - seconds(20)));
  const Entry loaded = from_row(to_row(before, time), time);
  time.step_wall(seconds(400));
  const auto aged = aged_by_store(loaded, time);
  REQUIRE(aged);
  CHECK(aged->dane->front().seen == time.life() - seconds(420));
}

TEST_CASE("C-19 what was fetched since the start has no wall time of its own") {
  FakeTime time;
  const Entry entry = policy("d.example", Mode::enforce, seconds(1000), time.life() - seconds(100));
  time.step_wall(seconds(86400));
  CHECK_FALSE(aged_by_store(entry, time));
  CHECK_FALSE(stored_too_young(*entry.held, time));
  CHECK(to_row(entry, time).fetched == time.wall() - seconds(100));
}

TEST_CASE("C-19 a stored time that makes a policy too young can be forgotten") {
  FakeTime time;
  const Entry loaded = from_row(row_of(time, seconds(100)), time);
  CHECK_FALSE(stored_too_young(*loaded.held, time));
  time.step_wall(seconds(-3600));
  REQUIRE(stored_too_young(*loaded.held, time));
  CHECK(to_row(without_stored_time(loaded), time).fetched == time.wall() - seconds(100));
}

TEST_CASE("C-19 a step of the wall clock between writing and reading in one life changes nothing in the cache") {
  ShadowFixture f;
  f.put("d.example");
  f.time.step_wall(seconds(-86400));
  f.settle();
  CHECK(f.cache.find("d.example")->held->fetched == f.time.life());
  CHECK(f.store->rows.at("d.example").fetched == f.time.wall());
}
