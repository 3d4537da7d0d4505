#include "learn/stored_ages.h"

#include <algorithm>
#include <vector>

#include "base/wall_step.h"

namespace tlspolicyd {
namespace {
constexpr std::size_t kEntriesATurn = 250;  // about a millisecond
}

StoredAges::StoredAges(Parts parts)
    : parts_(parts), started_(parts.clock.life()), next_(parts.timers.make([this] { walk(); })) {}

// Set back, the clock shows which stored times it wrote while it was ahead. One that was ahead of
// the clock already, at the start, may be right: the clock is behind, then, and has its time to
// be set.
void StoredAges::look(seconds step) {
  const bool over = parts_.clock.life() - started_ > WallStep::kStartWindow;
  const bool older = step > seconds(0) && !over;
  WallTime too_young = step < seconds(0) ? parts_.clock.wall() - step : WallTime::min();
  if (over && !settled_) too_young = WallTime::max();
  settled_ = over;
  if (!older && too_young == WallTime::min()) return;
  older_ |= older;
  too_young_ = std::max(too_young_, too_young);
  cursor_ = 0;
  walk();
}

// Copies, for each put() may move what a listing points to.
void StoredAges::walk() {
  std::vector<Entry> loaded;
  const auto entries = parts_.cache.list(cursor_, kEntriesATurn);
  for (const Entry* entry : entries)
    if (entry->held && entry->held->stored != WallTime::min()) loaded.push_back(*entry);
  for (const Entry& entry : loaded) correct(entry);
  if (!entries.empty()) return next_->start(milliseconds(0));
  older_ = false;
  too_young_ = WallTime::min();
}

void StoredAges::correct(const Entry& entry) {
  if (auto older = older_ ? aged_by_store(entry, parts_.clock) : std::nullopt)
    return parts_.learner.grew_older(std::move(*older));
  if (entry.held->stored > too_young_ || !stored_too_young(*entry.held, parts_.clock)) return;
  parts_.shadow.changed(entry.domain);
  parts_.cache.put(without_stored_time(entry), parts_.clock.life());
}

}  // namespace tlspolicyd
