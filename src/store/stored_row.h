// What the store holds of a domain, and the mapping between the clock of policy ages and the one on the wall.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "dane/hop_dane.h"
#include "sts/domain.h"
#include "sts/entry.h"

namespace tlspolicyd {

// An entry with a policy, its times on the wall clock because they outlive a boot.
struct StoredRow {
  Domain domain;
  Policy policy;
  std::string id;
  WallTime fetched{};
  WallTime checked{};
  WallTime last_asked{};
  std::optional<Failure> failure;        // its `since` counts from fetched, as LifeTime(since - fetched)
  std::shared_ptr<const HopDanes> dane;  // so do its times; null: never looked up
};

// When it was fetched, as a row of it says.
[[nodiscard]] WallTime fetched_by_wall(const HeldPolicy& held, const Clock& clock);

// Whether the policy has ended, by the wall clock.
[[nodiscard]] bool lapsed_by_wall(const StoredRow& row, const Clock& clock);

// Both directions of the mapping between clocks. A stored fetch time in the future counts
// as age 0 and makes the entry due for a refresh at once.
[[nodiscard]] StoredRow to_row(const Entry& entry, const Clock& clock);  // entry.held is not null
// `due` is left at LifeTime::max() unless the fetch time was in the future.
[[nodiscard]] Entry from_row(const StoredRow& row, const Clock& clock);

// A policy that was loaded from the store, after the wall clock went forward: as old as its
// stored fetch time says now, with its DANE statuses. Empty where it is not older than it was.
[[nodiscard]] std::optional<Entry> aged_by_store(const Entry& entry, const Clock& clock);

// Whether the stored fetch time makes a policy younger than it is known to be: it was written,
// or is read, while the wall clock is wrong.
[[nodiscard]] bool stored_too_young(const HeldPolicy& held, const Clock& clock);
// Forgets the stored fetch time: a row of it gets its time from the age.
[[nodiscard]] Entry without_stored_time(const Entry& entry);

}  // namespace tlspolicyd
