// What is remembered of DANE for the next hops of one policy domain, and for how long it
// counts. Pure functions of values; times are LifeTimes, so a step of the wall clock
// changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

inline constexpr seconds kMinDaneCurrent{60};  // a smaller TTL counts as this
inline constexpr seconds kMaxDaneCurrent{3600};
// Past its time it still answers for so long where no policy is enforced: then it can only choose between
// levels of DANE, and Postfix's own has the last word.
inline constexpr seconds kDaneGrace{3600};
inline constexpr seconds kFailedCurrent{10};  // of a failure with nothing before it: mail is put off meanwhile
inline constexpr std::size_t kMaxHops = 4;    // of one domain; who tells least makes room, then who is oldest

struct HopDane {
  HopKey hop;
  DaneStatus status;         // the last whose MX look-up did not fail; failed: there was none
  LifeTime seen{};           // when that was
  bool failing = false;      // the MX look-ups since then failed
  LifeTime current_until{};  // up to and including then it is taken as current

  friend bool operator==(const HopDane&, const HopDane&) = default;
};
using HopDanes = std::vector<HopDane>;

// `known` null: nothing. The result points into it.
[[nodiscard]] const HopDane* find_hop(const std::shared_ptr<const HopDanes>& known, const HopKey& hop);

// What is known after a look-up. `before` null: nothing was. `ttl`: the smallest one seen. Hosts that
// failed keep from `before` when they were last usable.
[[nodiscard]] HopDane learned(const HopDane* before, const HopKey& hop, DaneStatus found, seconds ttl, LifeTime now);
[[nodiscard]] std::shared_ptr<const HopDanes> with_hop(const std::shared_ptr<const HopDanes>& known, HopDane hop);

// While a lookup is under way: what has come of it, and for the rest what was known before.
[[nodiscard]] HopDane unfinished(const HopDane* known, const HopKey& hop, DaneStatus so_far, LifeTime now);

// Whether it may still say something: seen within kDaneRemembered.
[[nodiscard]] bool is_remembered(const HopDane& known, LifeTime now);

enum class DaneNeed : std::uint8_t {
  nothing,
  refresh,  // what is known still answers; to be looked up behind the answer
  wait,     // not known or too long ago, or it decides whether `secure` may be said, or a look-up failed and
            // another may not
};
// `enforced`: a policy is in force.
[[nodiscard]] DaneNeed assess_dane(const HopDane* known, LifeTime now, bool enforced);

// When a status that is in use is looked up again, a tenth of its time before its end, so that nobody has to
// wait for it. Empty: not before somebody asks.
[[nodiscard]] std::optional<LifeTime> renewal_of(const HopDane& known);

// decide_precedence() over what is remembered. `known` null: nothing, as if MX failed. Past its time a status
// counts under a policy as one whose look-up has failed since.
[[nodiscard]] DaneDecision decide_hop(const HopDane* known, LifeTime now, const AllowsHost& enforced,
                                      const PrecedenceOptions& options);

}  // namespace tlspolicyd
