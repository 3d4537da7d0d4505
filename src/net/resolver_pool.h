// The resolvers in use, how to ask them, and which of them to ask first. No I/O.
// Questions under way keep the pool they began with.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/resolver.h"

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
  static constexpr seconds kLastFor{30};  // a silent resolver's penalty

  // What `before` knows of resolvers that are in `plan` too stays known.
  ResolverPool(ResolverPlan plan, const ResolverPool* before);

  [[nodiscard]] const ResolverPlan& plan() const { return plan_; }

  // Indices into plan().resolvers, first to ask first.
  [[nodiscard]] std::vector<std::size_t> order(SteadyTime now);

  void answered(std::size_t index, SteadyTime now);
  // Asked at `asked` and silent until `now`. A resolver that answered others meanwhile is
  // not to blame: else whoever owns a name that never resolves could turn us away from it.
  void silent(std::size_t index, SteadyTime asked, SteadyTime now);

 private:
  struct Health {
    SteadyTime answered = SteadyTime::min();
    SteadyTime last_until = SteadyTime::min();
  };
  ResolverPlan plan_;
  std::vector<Health> health_;  // parallel to plan_.resolvers
  std::size_t turn_ = 0;
};

}  // namespace tlspolicyd
