#include "sts/decide.h"

#include "catch.h"
#include "fakes/patterns.h"
#include "sts/schedule.h"

using namespace tlspolicyd;

namespace {

const Domain kDomain = *Domain::parse("d.example");
const LifeTime kStart{seconds(1'000'000)};
const StsOptions kOptions;

Policy policy_of(Mode mode, seconds max_age) {
  return {.mode = mode, .max_age = max_age, .mx = patterns({"mx1.d.example"}), .text = ""};
}

Evidence fetched(std::string id, Policy policy, seconds ttl = seconds(300)) {
  return {.txt = {TxtSeen::State::id, std::move(id), ttl, ""},
          .fetch = {FetchSeen::State::fetched, std::move(policy), {}, ""}};
}

Evidence fetch_failed(std::string id, seconds ttl = seconds(300)) {
  return {.txt = {TxtSeen::State::id, std::move(id), ttl, ""},
          .fetch = {FetchSeen::State::failed, std::nullopt, StsResult::sts_webpki_invalid, "bad certificate"}};
}

Evidence only_txt(TxtSeen::State state, std::string id = "", seconds ttl = seconds(300)) {
  return {.txt = {state, std::move(id), ttl, "txt trouble"}, .fetch = {}};
}

Entry entry_with(std::string id, seconds max_age = seconds(604800), Mode mode = Mode::enforce) {
  return settle(nullptr, kDomain, fetched(std::move(id), policy_of(mode, max_age)), kStart, kOptions, 0);
}

}  // namespace

TEST_CASE("C-01 a policy is usable up to and including its last second") {
  const Entry entry = entry_with("a", seconds(100));
  CHECK(usable(*entry.held, kStart + seconds(100)));
  CHECK_FALSE(usable(*entry.held, kStart + seconds(101)));
  CHECK(assess(&entry, kStart + seconds(100)).applies != nullptr);
  CHECK(assess(&entry, kStart + seconds(101)).applies == nullptr);
  CHECK(assess(&entry, kStart + seconds(101)).need == Need::discover);
}

TEST_CASE("D-14 an equal id does not prolong the lifetime") {
  const Entry entry = entry_with("a", seconds(1000));
  const LifeTime later = kStart + seconds(900);
  const Entry after = settle(&entry, kDomain, only_txt(TxtSeen::State::id, "a"), later, kOptions, 0);
  CHECK(after.held == entry.held);
  CHECK_FALSE(usable(*after.held, kStart + seconds(1001)));
}

TEST_CASE("D-12 D-04 any other id is a change, case included") {
  const Entry entry = entry_with("AbC");
  const auto wants = [&](const char* id) {
    return wants_fetch(&entry, Purpose::question, {TxtSeen::State::id, id, seconds(60), ""}, kStart);
  };
  CHECK_FALSE(wants("AbC"));
  CHECK(wants("abc"));
  CHECK(wants("20240101"));
}

TEST_CASE("D-11 F-25 nothing but a fetched document replaces a live policy") {
  const Entry entry = entry_with("a");
  const LifeTime later = kStart + seconds(400);
  const auto state = GENERATE(TxtSeen::State::absent, TxtSeen::State::several, TxtSeen::State::malformed,
                              TxtSeen::State::lookup_failed);
  const Entry after = settle(&entry, kDomain, only_txt(state), later, kOptions, 0);
  CHECK(after.held == entry.held);
  REQUIRE(after.failure);
  CHECK(after.failure->result == StsResult::sts_policy_fetch_error);
  CHECK(after.failure->count == 1);
}

TEST_CASE("C-05 a failed fetch leaves id, body and time as they were") {
  const Entry entry = entry_with("a");
  const Entry after = settle(&entry, kDomain, fetch_failed("b"), kStart + seconds(400), kOptions, 0);
  CHECK(after.held == entry.held);
  CHECK(wants_fetch(&after, Purpose::question, {TxtSeen::State::id, "b", seconds(60), ""}, kStart + seconds(800)));
}

TEST_CASE("C-04 C-11 a fetched document replaces body, id and time together") {
  const Entry entry = entry_with("a");
  const LifeTime later = kStart + seconds(400);
  const Entry after = settle(&entry, kDomain, fetched("b", policy_of(Mode::none, seconds(86400))), later, kOptions, 0);
  CHECK(after.held->id == "b");
  CHECK(after.held->policy.mode == Mode::none);
  CHECK(after.held->fetched == later);
}

TEST_CASE("C-07 an expired policy goes at the next discovery, whatever that brings") {
  const Entry entry = entry_with("a", seconds(10));
  const Entry after = settle(&entry, kDomain, fetch_failed("b"), kStart + seconds(11), kOptions, 0);
  CHECK(after.held == nullptr);
}

TEST_CASE("F-28 F-29 the back-off holds for the id that failed, and for no other") {
  const Entry entry = settle(nullptr, kDomain, fetch_failed("a"), kStart, kOptions, 0);
  CHECK_FALSE(may_fetch(&entry, "a", kStart + seconds(299), kOptions));
  CHECK(may_fetch(&entry, "a", kStart + seconds(300), kOptions));
  CHECK(may_fetch(&entry, "b", kStart, kOptions));
}

TEST_CASE("F-28 a GET that was never made puts off the next for a minute, and holds back none") {
  Evidence crowded = fetch_failed("a");
  crowded.fetch.made = false;
  const Entry entry = settle(nullptr, kDomain, crowded, kStart, kOptions, 0);
  CHECK(may_fetch(&entry, "a", kStart, kOptions));
  CHECK(assess(&entry, kStart + kUnmadeCurrent).need == Need::nothing);
  CHECK(assess(&entry, kStart + kUnmadeCurrent + seconds(1)).need == Need::discover);
  CHECK(entry.failure == nullptr);
}

TEST_CASE("F-28 the back-off of an id outlasts a fetch of another one") {
  const Entry first = settle(nullptr, kDomain, fetch_failed("a"), kStart, kOptions, 0);
  const Entry second = settle(&first, kDomain, fetch_failed("b"), kStart + seconds(60), kOptions, 0);
  CHECK_FALSE(may_fetch(&second, "a", kStart + seconds(120), kOptions));
  CHECK_FALSE(may_fetch(&second, "b", kStart + seconds(120), kOptions));
}

TEST_CASE("F-31 one id is fetched once a minute at most, also after success") {
  const Entry entry = entry_with("a", seconds(1));
  CHECK_FALSE(may_fetch(&entry, "a", kStart + seconds(59), kOptions));
  CHECK(may_fetch(&entry, "a", kStart + seconds(60), kOptions));
}

TEST_CASE("a bounded number of ids is remembered for pacing") {
  Entry entry = settle(nullptr, kDomain, fetch_failed("id0"), kStart, kOptions, 0);
  for (int i = 1; i < 100; ++i)
    entry = settle(&entry, kDomain, fetch_failed("id" + std::to_string(i)), kStart + seconds(60 * i), kOptions, 0);
  CHECK(entry.fetches->size() == kMaxFetchesKept);
  CHECK(entry.fetches->back().id == "id99");
}

TEST_CASE("D-20 TXT is current for its TTL, a minute at least, an hour at most, errors a minute") {
  const auto [name, state, ttl, expected] = GENERATE(table<const char*, TxtSeen::State, int, int>({
      {"positive", TxtSeen::State::id, 300, 300},
      {"small ttl", TxtSeen::State::id, 5, 60},
      {"large ttl", TxtSeen::State::id, 86400, 3600},
      {"negative", TxtSeen::State::absent, 900, 900},
      {"negative without SOA", TxtSeen::State::absent, 0, 60},
      {"error", TxtSeen::State::lookup_failed, 0, 60},
      {"error with a ttl", TxtSeen::State::lookup_failed, 3600, 60},
  }));
  CAPTURE(name);
  const Entry held = entry_with("a");
  const Entry after = settle(&held, kDomain, only_txt(state, "a", seconds(ttl)), kStart, kOptions, 0);
  CHECK(assess(&after, kStart + seconds(expected)).need == Need::nothing);
  CHECK(assess(&after, kStart + seconds(expected + 1)).need == Need::recheck);
}

TEST_CASE("F-28 an announced policy that could not be fetched is tried again after the back-off, not after its TTL") {
  const Entry entry = settle(nullptr, kDomain, fetch_failed("a", seconds(3600)), kStart, kOptions, 0);
  CHECK(assess(&entry, kStart + seconds(299)).need == Need::nothing);
  CHECK(assess(&entry, kStart + seconds(300)).need == Need::discover);
}

TEST_CASE("C-06 R-02 a refresh goes on under the id of the held policy where TXT is gone") {
  const Entry entry = entry_with("a");
  const TxtSeen gone{TxtSeen::State::absent, "", seconds(60), ""};
  const LifeTime later = kStart + seconds(90000);
  CHECK(wants_fetch(&entry, Purpose::refresh, gone, later));
  CHECK_FALSE(wants_fetch(&entry, Purpose::question, gone, later));
  Evidence seen{.txt = gone, .fetch = {FetchSeen::State::fetched, policy_of(Mode::testing, seconds(600)), {}, ""}};
  const Entry after = settle(&entry, kDomain, seen, later, kOptions, 0);
  CHECK(after.held->id == "a");
  CHECK(after.held->policy.mode == Mode::testing);
  CHECK(after.held->fetched == later);
}

TEST_CASE("X-03 without TXT there is no first contact") {
  CHECK_FALSE(wants_fetch(nullptr, Purpose::question, {TxtSeen::State::absent, "", seconds(60), ""}, kStart));
  CHECK_FALSE(wants_fetch(nullptr, Purpose::refresh, {TxtSeen::State::absent, "", seconds(60), ""}, kStart));
}

TEST_CASE("R-05 a failure lasts from its first day until a fetch succeeds") {
  const Entry held = entry_with("a");
  const LifeTime first = kStart + seconds(86400);
  const Entry failing = settle(&held, kDomain, fetch_failed("a"), first, kOptions, 0);
  const Entry rechecked =
      settle(&failing, kDomain, only_txt(TxtSeen::State::id, "a"), first + seconds(400), kOptions, 0);
  const Entry worse = settle(&rechecked, kDomain, fetch_failed("a"), first + seconds(4000), kOptions, 0);
  REQUIRE(rechecked.failure);
  CHECK(worse.failure->since == first);
  CHECK(worse.failure->count == 2);
  const Entry healed = settle(&worse, kDomain, fetched("a", policy_of(Mode::enforce, seconds(604800))),
                              first + seconds(8000), kOptions, 0);
  CHECK(healed.failure == nullptr);
}

TEST_CASE("R-11 TXT that vanishes under mode none is no failure") {
  const Entry none = entry_with("a", seconds(604800), Mode::none);
  CHECK(settle(&none, kDomain, only_txt(TxtSeen::State::absent), kStart + seconds(400), kOptions, 0).failure ==
        nullptr);
}

TEST_CASE("what ran out is found out afresh, but GETs stay paced") {
  const Entry entry = entry_with("a", seconds(10));
  const Entry after = lapsed(entry);
  const LifeTime now = kStart + seconds(11);
  CHECK(assess(&after, now).need == Need::discover);
  CHECK_FALSE(may_fetch(&after, "a", now, kOptions));
}

TEST_CASE("R-01 R-09 a refresh that is due stays due while TXT is only read again") {
  Entry held = entry_with("a");
  const LifeTime now = held.due + seconds(30);
  const LifeTime due = held.due;
  for (const auto state : {TxtSeen::State::id, TxtSeen::State::absent}) {
    held = settle(&held, kDomain, only_txt(state, "a"), now, kOptions, 0);
    CHECK(held.due == due);
  }
}

TEST_CASE("R-05 TXT that comes and goes does not hide that fetching fails") {
  const Entry held = entry_with("a");
  const LifeTime first = kStart + seconds(86400);
  const Entry failing = settle(&held, kDomain, fetch_failed("a"), first, kOptions, 0);
  const Entry gone = settle(&failing, kDomain, only_txt(TxtSeen::State::absent), first + seconds(400), kOptions, 0);
  const Entry back = settle(&gone, kDomain, only_txt(TxtSeen::State::id, "a"), first + seconds(800), kOptions, 0);
  REQUIRE(back.failure);
  CHECK(back.failure->since == first);
}
