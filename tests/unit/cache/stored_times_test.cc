#include "catch.h"
#include "shadow_fixture.h"

using namespace tlspolicyd;

namespace {

// The machine was off for `off`, and came back with another boot clock.
StoredRow row_of(const FakeTime& time, seconds age) {
  Entry entry = policy("d.example", Mode::enforce, seconds(1000), time.life() - age, time.life() - seconds(5));
  entry.checked = time.life() - seconds(7);
  entry.failure = std::make_shared<const Failure>(
      Failure{.result = StsResult::sts_webpki_invalid, .since = time.life() - age + seconds(30), .count = 4,
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

TEST_CASE("C-19 a step of the wall clock between writing and reading in one life changes nothing in the cache") {
  ShadowFixture f;
  f.put("d.example");
  f.time.step_wall(seconds(-86400));
  f.settle();
  CHECK(f.cache.find("d.example")->held->fetched == f.time.life());
  CHECK(f.store->rows.at("d.example").fetched == f.time.wall());
}
