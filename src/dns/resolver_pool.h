// The resolvers in use, how to ask them, and which of them to ask first.
// Questions under way keep the pool they began with.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/resolver.h"
#include "dns/link/dns_hub.h"

namespace tlspolicyd {

struct ResolverPlan {
  std::vector<Resolver> resolvers;  // at least one, in the operator's order
  milliseconds timeout{2000};       // for each try
  int tries = 3;                    // over all resolvers
  bool rotate = false;              // begin with another resolver each time
  bool tcp = false;                 // never ask over UDP
  TrustAd trust_ad = TrustAd::loopback;

  friend bool operator==(const ResolverPlan&, const ResolverPlan&) = default;
};

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
