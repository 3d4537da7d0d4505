// When the refresher looks at an entry, and what it does then (RFC 8461 sections 3.3 and
// 10.2: policies in use are refreshed about daily, well before they run out). Pure.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "sts/decide.h"
#include "sts/entry.h"

namespace tlspolicyd {

// The first second in which the held policy no longer applies.
[[nodiscard]] LifeTime lapse_of(const HeldPolicy& held);

// At half the lifetime or after refresh_interval, whichever is sooner; after a failed
// fetch within the hour, but never more often than fetch_backoff; when nobody asks any
// more, and at the latest, when the policy lapses. max() if nothing usable is held.
// `spread`: -1 to 1, moves it by up to a tenth of the interval.
[[nodiscard]] LifeTime next_due(const Entry& entry, bool fetch_failed, LifeTime now, const StsOptions& options,
                                double spread);

// The same for an entry that comes from the store: what fell due while the daemon was
// down is spread over an hour. `share`: 0 to 1.
[[nodiscard]] LifeTime due_after_load(const Entry& entry, LifeTime now, const StsOptions& options, double share);

enum class DueStep : std::uint8_t {
  refresh,
  leave,  // nobody asked for long: let it run out
  lapse,  // it has run out
};
[[nodiscard]] DueStep step_when_due(const Entry& entry, LifeTime now, const StsOptions& options);

// Whether the failed refresh of this entry deserves a warning now: a live policy that is
// not mode none (section 10.2), once a day.
[[nodiscard]] bool deserves_warning(const Entry& entry, LifeTime now);

// When the last of those warnings was, for an entry that comes from the store, which does
// not say: they come once a day from the first failed fetch on.
[[nodiscard]] LifeTime last_warning(const Entry& entry);

}  // namespace tlspolicyd
