#include "net/resolver_pool.h"

#include "catch.h"

using namespace tlspolicyd;

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
  ResolverPool pool(plan_of({"192.0.2.1", "192.0.2.2", "192.0.2.3"}), nullptr);
  CHECK(pool.order(kNow) == Order{0, 1, 2});
  pool.silent(0, kNow - seconds(2), kNow);
  CHECK(pool.order(kNow) == Order{1, 2, 0});
  pool.silent(1, kNow - seconds(2), kNow + seconds(10));
  CHECK(pool.order(kNow + seconds(10)) == Order{2, 0, 1});
  CHECK(pool.order(kNow + milliseconds(29'999)) == Order{2, 0, 1});
  CHECK(pool.order(kNow + seconds(30)) == Order{0, 2, 1});
  CHECK(pool.order(kNow + seconds(40)) == Order{0, 1, 2});
}

TEST_CASE("a resolver that answers again is forgiven") {
  ResolverPool pool(plan_of({"192.0.2.1", "192.0.2.2"}), nullptr);
  pool.silent(0, kNow - seconds(2), kNow);
  pool.answered(0, kNow + seconds(1));
  CHECK(pool.order(kNow + seconds(1)) == Order{0, 1});
}

TEST_CASE("a question that nobody answers is not held against a resolver that answers others") {
  ResolverPool pool(plan_of({"192.0.2.1", "192.0.2.2"}), nullptr);
  pool.answered(0, kNow + seconds(1));
  pool.silent(0, kNow, kNow + seconds(2));
  CHECK(pool.order(kNow + seconds(2)) == Order{0, 1});
  pool.silent(0, kNow + seconds(1), kNow + seconds(3));
  CHECK(pool.order(kNow + seconds(3)) == Order{1, 0});
}

TEST_CASE("rotate begins with another resolver each time") {
  ResolverPlan plan = plan_of({"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  plan.rotate = true;
  ResolverPool pool(plan, nullptr);
  CHECK(pool.order(kNow) == Order{0, 1, 2});
  CHECK(pool.order(kNow) == Order{1, 2, 0});
  CHECK(pool.order(kNow) == Order{2, 0, 1});
  pool.silent(1, kNow - seconds(2), kNow);
  CHECK(pool.order(kNow) == Order{0, 2, 1});
}

TEST_CASE("a new pool knows what the old one knew of the same resolvers") {
  ResolverPool before(plan_of({"192.0.2.1", "192.0.2.2"}), nullptr);
  before.silent(0, kNow - seconds(2), kNow);
  ResolverPool pool(plan_of({"192.0.2.3", "192.0.2.1", "192.0.2.4"}), &before);
  CHECK(pool.order(kNow) == Order{0, 2, 1});
}
