// Which resolvers have shown that they validate DNSSEC, and so may be asked about DANE. One that
// does not validate turns a bogus answer into an unsigned one: it must never be asked what
// another has refused to vouch for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/resolver.h"

namespace tlspolicyd {

class ResolverTrials {
 public:
  enum class Verdict : std::uint8_t { untried, passed, failed };

  // The resolvers now in use. New ones are untried, those that are gone are forgotten. True: there is a new one.
  bool see(const std::vector<Resolver>& resolvers, SteadyTime now);
  void set(const Resolver& resolver, bool passed);
  [[nodiscard]] Verdict of(const Resolver& resolver) const;

  // Where all have failed, what they say is "unsigned", whatever it is.
  enum class WhenNone : std::uint8_t { ask_none, ask_all };

  // `order` without those that must not be asked: where any has passed these alone, else the
  // untried, else as `when_none` says.
  [[nodiscard]] std::vector<std::size_t> askable(std::vector<std::size_t> order, WhenNone when_none) const;
  // Nothing is to be asked before, unless a verdict comes: none has passed yet, and a canary is
  // under way.
  [[nodiscard]] std::optional<SteadyTime> wait_until(milliseconds patience) const;

 private:
  struct Trial {
    Resolver resolver;
    Verdict verdict;
    SteadyTime since;
  };
  [[nodiscard]] bool any(Verdict verdict) const;

  std::vector<Trial> trials_;  // as the resolvers in use
};

}  // namespace tlspolicyd
