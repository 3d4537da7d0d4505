#include "learn/refresher.h"

#include <algorithm>
#include <vector>

#include "learn/policy_log.h"
#include "sts/schedule.h"

namespace tlspolicyd {
namespace {

constexpr seconds kSoonestLook{1};           // due times are whole seconds
constexpr seconds kLatestLook{60};           // what is put meanwhile falls due no sooner, but to lapse
constexpr std::size_t kMaxDropsALook = 500;  // entries that ran out, so that a turn stays short

}  // namespace

Refresher::Refresher(Parts parts)
    : parts_(parts),
      ages_({parts.learner, parts.cache, parts.shadow, parts.timers, parts.clock}),
      timer_(parts_.timers.make([this] { look(); })) {}

void Refresher::start() { timer_->start(kSoonestLook); }

// Entries being refreshed stay due until they are put again, so as many more are asked
// for as are under way.
void Refresher::look() {
  const LifeTime now = parts_.clock.life();
  const std::size_t most = parts_.learner.refreshes() + kMaxDropsALook;
  std::vector<Entry> due;
  for (const Entry* entry : parts_.cache.due(now, most)) due.push_back(*entry);
  for (const Entry& entry : due) handle(entry, now);
  const LifeTime next = parts_.cache.next_due();
  ages_.look(parts_.shadow.mind_clock());
  timer_->start(next > now + kLatestLook ? kLatestLook : std::max(next - now, kSoonestLook));
}

void Refresher::handle(const Entry& entry, LifeTime now) {
  switch (step_when_due(entry, now, parts_.learner.options().sts)) {
    case DueStep::refresh:
      if (parts_.learner.refreshes() < parts_.fetches.refresh_room())
        parts_.learner.learn_in_background(entry.domain, Purpose::refresh);
      return;
    case DueStep::leave: {
      Entry later = entry;
      later.due = lapse_of(*entry.held);
      return parts_.cache.put(std::move(later), now);
    }
    case DueStep::lapse: return drop(entry, now);
  }
}

void Refresher::drop(const Entry& entry, LifeTime now) {
  if (entry.held) log_lapsed(parts_.log, entry);
  parts_.learner.forgot(entry.domain);
  parts_.cache.put(lapsed(entry), now);
  parts_.shadow.changed(entry.domain);
}

}  // namespace tlspolicyd
