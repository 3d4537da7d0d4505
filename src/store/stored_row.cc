#include "store/stored_row.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

// A time that the wall clock has not reached yet was written while the clock was wrong,
// or it is wrong now: it counts as this moment, never as later.
LifeTime to_life(WallTime then, const Clock& clock) { return clock.life() - std::max(clock.wall() - then, seconds(0)); }

// DANE's times on their way between the clock of the process and the count from `fetched`.
template <typename Shift>
std::shared_ptr<const HopDanes> shifted(const std::shared_ptr<const HopDanes>& known, Shift shift) {
  if (!known) return nullptr;
  HopDanes hops = *known;
  for (HopDane& hop : hops) {
    hop.seen = shift(hop.seen);
    hop.current_until = shift(hop.current_until);
    for (DaneHost& host : hop.status.hosts)
      if (host.last_usable) host.last_usable = shift(*host.last_usable);
  }
  return std::make_shared<const HopDanes>(std::move(hops));
}

// No status was seen later than now, and none lasts longer than it may.
std::shared_ptr<const HopDanes> dane_from_row(const StoredRow& row, LifeTime fetched, LifeTime now) {
  const auto known = shifted(row.dane, [=](LifeTime stored) { return fetched + stored.time_since_epoch(); });
  if (!known) return nullptr;
  HopDanes hops = *known;
  for (HopDane& hop : hops) {
    hop.seen = std::min(hop.seen, now);
    hop.current_until = std::min(hop.current_until, now + kMaxDaneCurrent);
    for (DaneHost& host : hop.status.hosts)
      if (host.last_usable) host.last_usable = std::min(*host.last_usable, now);
  }
  return std::make_shared<const HopDanes>(std::move(hops));
}

bool loaded(const HeldPolicy& held) { return held.stored != WallTime::min(); }

std::shared_ptr<const HeldPolicy> with_times(const HeldPolicy& held, LifeTime fetched, WallTime stored) {
  return std::make_shared<const HeldPolicy>(HeldPolicy{held.policy, held.id, fetched, stored});
}

}  // namespace

WallTime fetched_by_wall(const HeldPolicy& held, const Clock& clock) {
  return loaded(held) ? held.stored : to_wall(held.fetched, clock);
}

StoredRow to_row(const Entry& entry, const Clock& clock) {
  StoredRow row{.domain = entry.domain,
                .policy = entry.held->policy,
                .id = entry.held->id,
                .fetched = fetched_by_wall(*entry.held, clock),
                .checked = to_wall(entry.checked, clock),
                .last_asked = to_wall(entry.last_asked, clock),
                .failure = {},
                .dane = shifted(entry.dane, [&](LifeTime time) { return LifeTime(time - entry.held->fetched); })};
  if (!entry.failure) return row;
  row.failure = *entry.failure;
  row.failure->since = LifeTime(entry.failure->since - entry.held->fetched);
  return row;
}

Entry from_row(const StoredRow& row, const Clock& clock) {
  const LifeTime fetched = to_life(row.fetched, clock);
  Entry entry{.domain = row.domain};
  entry.held = std::make_shared<const HeldPolicy>(HeldPolicy{row.policy, row.id, fetched, row.fetched});
  entry.checked = to_life(row.checked, clock);
  entry.last_asked = to_life(row.last_asked, clock);
  entry.dane = dane_from_row(row, fetched, clock.life());
  if (row.fetched > clock.wall()) entry.due = clock.life();
  if (!row.failure) return entry;
  Failure failure = *row.failure;
  failure.since = std::min(fetched + failure.since.time_since_epoch(), clock.life());
  entry.failure = std::make_shared<const Failure>(std::move(failure));
  return entry;
}

// Never younger: a clock that is set to and fro would keep a policy alive for ever.
std::optional<Entry> aged_by_store(const Entry& entry, const Clock& clock) {
  if (!entry.held || !loaded(*entry.held)) return std::nullopt;
  const LifeTime fetched = to_life(entry.held->stored, clock);
  const seconds older = entry.held->fetched - fetched;
  if (older <= seconds(0)) return std::nullopt;
  Entry aged = entry;
  aged.held = with_times(*entry.held, fetched, entry.held->stored);
  aged.dane = shifted(entry.dane, [=](LifeTime time) { return time - older; });
  return aged;
}

bool stored_too_young(const HeldPolicy& held, const Clock& clock) {
  return loaded(held) && held.stored > to_wall(held.fetched, clock) + WallStep::kTolerated;
}

Entry without_stored_time(const Entry& entry) {
  Entry out = entry;
  out.held = with_times(*entry.held, entry.held->fetched, WallTime::min());
  return out;
}

bool lapsed_by_wall(const StoredRow& row, const Clock& clock) {
  return clock.wall() - row.fetched > row.policy.max_age;
}

}  // namespace tlspolicyd
