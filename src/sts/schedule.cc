#include "sts/schedule.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

constexpr seconds kWarningInterval{86400};  // alerts are wanted, noise is not
constexpr seconds kMaxRetry{3600};          // a broken policy host is asked again within the hour
constexpr seconds kLoadSpread{3600};        // overdue refreshes after a downtime
constexpr double kJitter = 0.1;

seconds part_of(seconds whole, double part) {
  return seconds(static_cast<seconds::rep>(static_cast<double>(whole.count()) * part));
}

bool unused(const Entry& entry, LifeTime now, const StsOptions& options) {
  return now - entry.last_asked >= options.refresh_unused_after;
}

seconds interval_of(const HeldPolicy& held, const StsOptions& options) {
  return std::min(options.refresh_interval, held.policy.max_age / 2);
}

}  // namespace

LifeTime lapse_of(const HeldPolicy& held) { return held.fetched + held.policy.max_age + seconds(1); }

LifeTime next_due(const Entry& entry, bool fetch_failed, LifeTime now, const StsOptions& options, double spread) {
  if (!entry.held || !usable(*entry.held, now)) return LifeTime::max();
  const LifeTime lapse = lapse_of(*entry.held);
  if (unused(entry, now, options)) return lapse;
  const seconds usual = interval_of(*entry.held, options);
  const seconds wait =
      part_of(fetch_failed ? std::min(usual, kMaxRetry) : usual, 1 + kJitter * std::clamp(spread, -1.0, 1.0));
  const LifeTime from = fetch_failed ? now : entry.held->fetched;
  const LifeTime soonest = now + std::max(options.fetch_backoff, kSameIdPause);
  return std::min(lapse, std::max(from + wait, soonest));
}

LifeTime due_after_load(const Entry& entry, LifeTime now, const StsOptions& options, double share) {
  if (!entry.held || !usable(*entry.held, now)) return LifeTime::max();
  const LifeTime lapse = lapse_of(*entry.held);
  if (unused(entry, now, options)) return lapse;
  const LifeTime usual = entry.held->fetched + interval_of(*entry.held, options);
  const seconds window = std::min(kLoadSpread, (lapse - now) / 2);
  return std::min(lapse, std::max(usual, now + part_of(window, std::clamp(share, 0.0, 1.0))));
}

DueStep step_when_due(const Entry& entry, LifeTime now, const StsOptions& options) {
  if (!entry.held || !usable(*entry.held, now)) return DueStep::lapse;
  return unused(entry, now, options) ? DueStep::leave : DueStep::refresh;
}

bool deserves_warning(const Entry& entry, LifeTime now) {
  if (!entry.failure || !entry.held || !usable(*entry.held, now)) return false;
  if (entry.held->policy.mode == Mode::none) return false;
  return entry.warned == LifeTime::min() || now - entry.warned >= kWarningInterval;
}

LifeTime last_warning(const Entry& entry) {
  if (!entry.failure || entry.failure->in_txt) return LifeTime::min();
  const seconds failing = std::max(entry.checked - entry.failure->since, seconds(0));
  return entry.checked - failing % kWarningInterval;
}

}  // namespace tlspolicyd
