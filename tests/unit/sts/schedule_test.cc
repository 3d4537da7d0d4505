#include "sts/schedule.h"

#include "catch.h"
#include "fakes/patterns.h"

using namespace tlspolicyd;

namespace {

const LifeTime kFetchedAt{seconds(10'000'000)};
const StsOptions kDefaults;
constexpr seconds kDay{86400};

Entry entry_of(seconds max_age, Mode mode = Mode::enforce) {
  Entry entry{.domain = *Domain::parse("d.example")};
  entry.held = std::make_shared<const HeldPolicy>(HeldPolicy{
      Policy{.mode = mode, .max_age = max_age, .mx = patterns({"mx1.d.example"}), .text = ""}, "a", kFetchedAt});
  entry.last_asked = kFetchedAt;
  return entry;
}

Entry failing(Entry entry, LifeTime since) {
  entry.failure = std::make_shared<const Failure>(Failure{.since = since, .count = 1, .detail = "down"});
  return entry;
}

}  // namespace

TEST_CASE("R-01 R-04 a policy is refreshed daily or at half its life, whichever is sooner") {
  const auto [max_age, expected] = GENERATE(
      table<int, int>({{604800, 86400}, {31557600, 86400}, {86400, 43200}, {3600, 1800}, {1000, 500}, {400, 300}}));
  CAPTURE(max_age);
  CHECK(next_due(entry_of(seconds(max_age)), false, kFetchedAt, kDefaults, 0) == kFetchedAt + seconds(expected));
}

TEST_CASE("a policy shorter than the back-off runs out before it is refreshed") {
  CHECK(next_due(entry_of(seconds(100)), false, kFetchedAt, kDefaults, 0) == kFetchedAt + seconds(101));
}

TEST_CASE("R-09 refreshes are spread by a tenth either way") {
  const Entry entry = entry_of(seconds(604800));
  CHECK(next_due(entry, false, kFetchedAt, kDefaults, 1) == kFetchedAt + seconds(95040));
  CHECK(next_due(entry, false, kFetchedAt, kDefaults, -1) == kFetchedAt + seconds(77760));
}

TEST_CASE("R-05 a failed refresh is tried again within the hour, never sooner than the back-off") {
  const Entry entry = entry_of(seconds(604800));
  const LifeTime now = kFetchedAt + kDay;
  CHECK(next_due(entry, true, now, kDefaults, 0) == now + seconds(3600));
  CHECK(next_due(entry_of(seconds(1000)), true, kFetchedAt + seconds(500), kDefaults, 0) == kFetchedAt + seconds(1000));
  StsOptions patient = kDefaults;
  patient.fetch_backoff = seconds(7200);
  CHECK(next_due(entry, true, now, patient, 0) == now + seconds(7200));
}

TEST_CASE("R-09 a policy nobody asks for is left to run out") {
  const Entry entry = entry_of(seconds(31557600));
  const LifeTime later = kFetchedAt + kDefaults.refresh_unused_after;
  CHECK(step_when_due(entry, later - seconds(1), kDefaults) == DueStep::refresh);
  CHECK(step_when_due(entry, later, kDefaults) == DueStep::leave);
  CHECK(next_due(entry, false, later, kDefaults, 0) == lapse_of(*entry.held));
  CHECK(step_when_due(entry, lapse_of(*entry.held), kDefaults) == DueStep::lapse);
}

TEST_CASE("R-09 what fell due during a downtime is spread over an hour") {
  const Entry entry = entry_of(seconds(604800));
  const LifeTime now = kFetchedAt + 3 * kDay;
  CHECK(due_after_load(entry, now, kDefaults, 0) == now);
  CHECK(due_after_load(entry, now, kDefaults, 1) == now + seconds(3600));
  CHECK(due_after_load(entry, kFetchedAt + seconds(60), kDefaults, 1) == kFetchedAt + kDay);
  const LifeTime nearly = lapse_of(*entry.held) - seconds(100);
  CHECK(due_after_load(entry, nearly, kDefaults, 1) <= nearly + seconds(50));
}

TEST_CASE("R-05 R-06 a warning a day for a live policy, none for mode none") {
  const LifeTime now = kFetchedAt + kDay;
  Entry entry = failing(entry_of(seconds(604800)), now);
  CHECK(deserves_warning(entry, now));
  entry.warned = now;
  CHECK_FALSE(deserves_warning(entry, now + kDay - seconds(1)));
  CHECK(deserves_warning(entry, now + kDay));
  CHECK_FALSE(deserves_warning(failing(entry_of(seconds(604800), Mode::none), now), now));
  CHECK_FALSE(deserves_warning(failing(entry_of(seconds(10)), now), now));
}

TEST_CASE("R-05 a restart does not repeat the day's warning") {
  const LifeTime since = kFetchedAt + kDay;
  Entry entry = failing(entry_of(seconds(604800)), since);
  for (const seconds after : {seconds(0), seconds(7200), kDay - seconds(1), kDay, 3 * kDay + seconds(5)}) {
    CAPTURE(after.count());
    entry.checked = since + after;
    entry.warned = last_warning(entry);
    CHECK(entry.warned == since + after / kDay * kDay);
    CHECK_FALSE(deserves_warning(entry, entry.checked));
    CHECK(deserves_warning(entry, entry.warned + kDay));
  }
}

TEST_CASE("what failed in TXT alone, or not at all, was never warned of") {
  Entry entry = entry_of(seconds(604800));
  CHECK(last_warning(entry) == LifeTime::min());
  entry.failure = std::make_shared<const Failure>(Failure{.in_txt = true, .since = kFetchedAt, .count = 3});
  CHECK(last_warning(entry) == LifeTime::min());
}
