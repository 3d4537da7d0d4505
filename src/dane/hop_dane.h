// What is remembered of DANE for the next hops of one policy domain, and for how long it
// counts. Pure functions of values; times are LifeTimes, so a step of the wall clock
// changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dane/precedence.h"
#include "dane/status.h"

namespace tlspolicyd {

// What makes the next hops of one domain differ for DANE: `[host]` is its own MX host, and
// TLSA is asked at the port (RFC 7672 section 2.2.3).
struct HopKey {
  bool bracketed = false;
  std::uint16_t port = 25;

  friend bool operator==(const HopKey&, const HopKey&) = default;
};

// As in a Postfix table: "d.example", "d.example:587", "[d.example]".
[[nodiscard]] std::string to_text(const HopKey& hop, std::string_view domain);

inline constexpr seconds kMinDaneCurrent{60};     // a smaller TTL counts as this
inline constexpr seconds kMaxDaneCurrent{3600};
inline constexpr seconds kDaneGrace{3600};        // past its time it still answers while it is looked up again
inline constexpr std::size_t kMaxHops = 4;        // of one domain; who tells least makes room, then who is oldest

struct HopDane {
  HopKey hop;
  DaneStatus status;               // the last whose MX look-up did not fail; failed: there was none
  LifeTime seen{};                 // when that was
  bool failing = false;            // the MX look-ups since then failed
  LifeTime current_until{};        // up to and including then it is taken as current

  friend bool operator==(const HopDane&, const HopDane&) = default;
};
using HopDanes = std::vector<HopDane>;

// `known` null: nothing. The result points into it.
[[nodiscard]] const HopDane* find_hop(const std::shared_ptr<const HopDanes>& known, const HopKey& hop);

// What is known after a look-up. `before` null: nothing was. `ttl`: the smallest one seen. Hosts that
// failed keep from `before` when they were last usable.
[[nodiscard]] HopDane learned(const HopDane* before, const HopKey& hop, DaneStatus found, seconds ttl, LifeTime now);
[[nodiscard]] std::shared_ptr<const HopDanes> with_hop(const std::shared_ptr<const HopDanes>& known, HopDane hop);

enum class DaneNeed : std::uint8_t {
  nothing,
  refresh,  // what is known still answers; to be looked up behind the answer
  wait,     // not known, too long ago, or a look-up failed and another may not: mail need not wait
};
[[nodiscard]] DaneNeed assess_dane(const HopDane* known, LifeTime now);

// decide_precedence() over what is remembered. `known` null: nothing, as if MX failed.
[[nodiscard]] DaneDecision decide_hop(const HopDane* known, LifeTime now, const AllowsHost& enforced, const PrecedenceOptions& options);

}  // namespace tlspolicyd
