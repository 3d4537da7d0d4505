#include "dns/resolver_pool.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tlspolicyd {

ResolverPool::ResolverPool(ResolverPlan plan, DnsHub& hub) : plan_(std::move(plan)) {
  for (const Resolver& resolver : plan_.resolvers) links_.push_back(&hub.link(resolver));
}

std::vector<std::size_t> ResolverPool::order(SteadyTime now) {
  std::vector<std::size_t> order(links_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (plan_.rotate) {
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(turn_), order.end());
    turn_ = (turn_ + 1) % order.size();
  }
  if (order.size() > 1)
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t index) { return !links_[index]->health().is_last(now); });
  return order;
}

}  // namespace tlspolicyd
