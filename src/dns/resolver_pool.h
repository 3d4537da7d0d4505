// The resolvers in use, how to ask them, and which of them to ask first.
// Questions under way keep the pool they began with.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/resolver.h"
#include "dns/link/dns_hub.h"
#include "dns/resolver_plan.h"

namespace tlspolicyd {

class ResolverPool {
 public:
  // `hub` outlives this object.
  ResolverPool(ResolverPlan plan, DnsHub& hub);

  [[nodiscard]] const ResolverPlan& plan() const { return plan_; }
  [[nodiscard]] DnsLink& link(std::size_t index) const { return *links_[index]; }

  // Indices into plan().resolvers, first to ask first.
  [[nodiscard]] std::vector<std::size_t> order(SteadyTime now);

 private:
  ResolverPlan plan_;
  std::vector<DnsLink*> links_;  // parallel to plan_.resolvers
  std::size_t turn_ = 0;
};

}  // namespace tlspolicyd
