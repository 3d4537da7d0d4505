// Who may be asked about DANE.
#include "dns/resolver_trials.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

using WhenNone = ResolverTrials::WhenNone;
using Order = std::vector<std::size_t>;
const SteadyTime kBegin{seconds(1000)};
const Resolver kFirst = *parse_resolver("127.0.0.1"), kSecond = *parse_resolver("127.0.0.2"),
               kThird = *parse_resolver("127.0.0.3");

}  // namespace

TEST_CASE("N-11 where a resolver has shown that it validates, no other is asked") {
  ResolverTrials trials;
  CHECK(trials.see({kFirst, kSecond, kThird}, kBegin));
  CHECK_FALSE(trials.see({kFirst, kSecond, kThird}, kBegin));
  CHECK(trials.askable({0, 1, 2}, WhenNone::ask_none) == Order{0, 1, 2});
  trials.set(kSecond, false);
  CHECK(trials.askable({2, 1, 0}, WhenNone::ask_none) == Order{2, 0});
  trials.set(kFirst, true);
  CHECK(trials.askable({2, 1, 0}, WhenNone::ask_none) == Order{0});
  trials.set(kThird, true);
  CHECK(trials.askable({2, 1, 0}, WhenNone::ask_none) == Order{2, 0});
  for (const Resolver& each : {kFirst, kThird}) trials.set(each, false);
  CHECK(trials.askable({2, 1, 0}, WhenNone::ask_none).empty());
  CHECK(trials.askable({2, 1, 0}, WhenNone::ask_all) == Order{2, 1, 0});
}

TEST_CASE("N-11 a resolver that is new has not passed, and questions wait for its trial") {
  ResolverTrials trials;
  REQUIRE(trials.see({kFirst}, kBegin));
  CHECK(trials.wait_until(seconds(2)) == kBegin + seconds(2));
  trials.set(kFirst, true);
  CHECK_FALSE(trials.wait_until(seconds(2)));
  SECTION("instead of one that has") {
    CHECK(trials.see({kSecond}, kBegin + seconds(60)));
    CHECK(trials.wait_until(seconds(2)) == kBegin + seconds(62));
  }
  SECTION("beside one that has") {
    CHECK(trials.see({kSecond, kFirst}, kBegin + seconds(60)));
    CHECK_FALSE(trials.wait_until(seconds(2)));
    CHECK(trials.askable({0, 1}, WhenNone::ask_none) == Order{1});
  }
  SECTION("and one that was away is new again") {
    CHECK(trials.see({kSecond}, kBegin));
    CHECK(trials.see({kFirst}, kBegin + seconds(5)));
    CHECK(trials.of(kFirst) == ResolverTrials::Verdict::untried);
  }
}
