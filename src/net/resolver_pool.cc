#include "net/resolver_pool.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tlspolicyd {

ResolverPool::ResolverPool(ResolverPlan plan, const ResolverPool* before)
    : plan_(std::move(plan)), health_(plan_.resolvers.size()) {
  if (!before) return;
  const auto& known = before->plan_.resolvers;
  for (std::size_t i = 0; i < health_.size(); ++i) {
    const auto same = std::find(known.begin(), known.end(), plan_.resolvers[i]);
    if (same != known.end()) health_[i] = before->health_[static_cast<std::size_t>(same - known.begin())];
  }
}

std::vector<std::size_t> ResolverPool::order(SteadyTime now) {
  std::vector<std::size_t> order(health_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (plan_.rotate) {
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(turn_), order.end());
    turn_ = (turn_ + 1) % order.size();
  }
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t index) { return health_[index].last_until <= now; });
  return order;
}

void ResolverPool::answered(std::size_t index, SteadyTime now) {
  health_[index] = {.answered = now};
}

void ResolverPool::silent(std::size_t index, SteadyTime asked, SteadyTime now) {
  if (health_[index].answered <= asked) health_[index].last_until = now + kLastFor;
}

}  // namespace tlspolicyd
