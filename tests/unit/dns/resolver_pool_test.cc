#include "dns/resolver_pool.h"

#include "dns_rig.h"

namespace {

using Order = std::vector<std::size_t>;

ResolverPlan plan_of(const std::vector<std::string>& texts) {
  ResolverPlan plan;
  for (const std::string& text : texts) plan.resolvers.push_back(*parse_resolver(text));
  return plan;
}

const SteadyTime kNow{seconds(1000)};

}  // namespace

TEST_CASE("a resolver that timed out goes last for 30 s") {
  Rig rig;
  ResolverPool pool(plan_of({"192.0.2.1", "192.0.2.2", "192.0.2.3"}), rig.hub);
  const auto silent = [&](std::size_t index, SteadyTime asked, SteadyTime now) {
    pool.link(index).health().silent(asked, now);
  };
  CHECK(pool.order(kNow) == Order{0, 1, 2});
  silent(0, kNow - seconds(2), kNow);
  CHECK(pool.order(kNow) == Order{1, 2, 0});
  silent(1, kNow - seconds(2), kNow + seconds(10));
  CHECK(pool.order(kNow + seconds(10)) == Order{2, 0, 1});
  CHECK(pool.order(kNow + milliseconds(29'999)) == Order{2, 0, 1});
  CHECK(pool.order(kNow + seconds(30)) == Order{0, 2, 1});
  CHECK(pool.order(kNow + seconds(40)) == Order{0, 1, 2});
}

TEST_CASE("a resolver that answers again is forgiven, by whichever client it is asked") {
  Rig rig;
  ResolverPool pool(plan_of({"192.0.2.1", "192.0.2.2"}), rig.hub), other(plan_of({"192.0.2.3", "192.0.2.1"}), rig.hub);
  pool.link(0).health().silent(kNow - seconds(2), kNow);
  CHECK(other.order(kNow) == Order{0, 1});
  CHECK(pool.order(kNow) == Order{1, 0});
  other.link(1).health().answered(kNow + seconds(1));
  CHECK(pool.order(kNow + seconds(1)) == Order{0, 1});
}

TEST_CASE("a question that nobody answers is not held against a resolver that answers others") {
  ResolverHealth health;
  health.answered(kNow + seconds(1));
  health.silent(kNow, kNow + seconds(2));
  CHECK_FALSE(health.is_last(kNow + seconds(2)));
  health.silent(kNow + seconds(1), kNow + seconds(3));
  CHECK(health.is_last(kNow + seconds(3)));
}

TEST_CASE("rotate begins with another resolver each time") {
  Rig rig;
  ResolverPlan plan = plan_of({"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  plan.rotate = true;
  ResolverPool pool(plan, rig.hub);
  CHECK(pool.order(kNow) == Order{0, 1, 2});
  CHECK(pool.order(kNow) == Order{1, 2, 0});
  CHECK(pool.order(kNow) == Order{2, 0, 1});
  pool.link(1).health().silent(kNow - seconds(2), kNow);
  CHECK(pool.order(kNow) == Order{0, 2, 1});
}
