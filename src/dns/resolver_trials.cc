#include "dns/resolver_trials.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {

bool ResolverTrials::see(const std::vector<Resolver>& resolvers, SteadyTime now) {
  const std::vector<Trial> before = std::exchange(trials_, {});
  bool is_new = false;
  for (const Resolver& resolver : resolvers) {
    const auto known =
        std::find_if(before.begin(), before.end(), [&](const Trial& trial) { return trial.resolver == resolver; });
    is_new = is_new || known == before.end();
    trials_.push_back(known != before.end() ? *known : Trial{resolver, Verdict::untried, now});
  }
  return is_new;
}

void ResolverTrials::set(const Resolver& resolver, bool passed) {
  for (Trial& trial : trials_)
    if (trial.resolver == resolver) trial.verdict = passed ? Verdict::passed : Verdict::failed;
}

ResolverTrials::Verdict ResolverTrials::of(const Resolver& resolver) const {
  const auto known =
      std::find_if(trials_.begin(), trials_.end(), [&](const Trial& trial) { return trial.resolver == resolver; });
  return known == trials_.end() ? Verdict::untried : known->verdict;
}

bool ResolverTrials::any(Verdict verdict) const {
  return std::any_of(trials_.begin(), trials_.end(),
                     [verdict](const Trial& trial) { return trial.verdict == verdict; });
}

std::vector<std::size_t> ResolverTrials::askable(std::vector<std::size_t> order, WhenNone when_none) const {
  const Verdict best = any(Verdict::passed)    ? Verdict::passed
                       : any(Verdict::untried) ? Verdict::untried
                                               : Verdict::failed;
  if (best == Verdict::failed && when_none == WhenNone::ask_none) return {};
  std::erase_if(order, [&](std::size_t index) { return trials_[index].verdict != best; });
  return order;
}

std::optional<SteadyTime> ResolverTrials::wait_until(milliseconds patience) const {
  if (any(Verdict::passed)) return std::nullopt;
  std::optional<SteadyTime> until;
  for (const Trial& trial : trials_)
    if (trial.verdict == Verdict::untried) until = std::max(until.value_or(SteadyTime::min()), trial.since + patience);
  return until;
}

}  // namespace tlspolicyd
