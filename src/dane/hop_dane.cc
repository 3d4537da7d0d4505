#include "dane/hop_dane.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::uint16_t kSmtp = 25;

bool ever_seen(const HopDane& known) { return known.status.mx != MxState::failed; }

bool too_old(const HopDane& known, LifeTime now) { return now > known.current_until + kDaneGrace; }

// What tells something stays before what does not, be it new, and the plain next hop, which nearly
// all mail takes, before others.
bool less_worth(const HopDane& left, const HopDane& right) {
  const auto worth = [](const HopDane& known) { return std::pair(ever_seen(known), known.hop == HopKey{}); };
  return worth(left) < worth(right);
}

bool all_looked_up(const DaneStatus& status) {
  return std::none_of(status.hosts.begin(), status.hosts.end(),
                      [](const DaneHost& host) { return host.state() == HostState::failed; });
}

const DaneHost* host_of(const HopDane& known, const std::string& name) {
  const auto& hosts = known.status.hosts;
  const auto found = std::find_if(hosts.begin(), hosts.end(), [&](const DaneHost& each) { return each.name == name; });
  return found == hosts.end() ? nullptr : &*found;
}

std::optional<LifeTime> last_usable_of(const HopDane& before, const std::string& name) {
  const DaneHost* const host = host_of(before, name);
  if (host == nullptr) return std::nullopt;
  return host->state() == HostState::usable ? before.seen : host->last_usable;
}

void remember_usable(std::vector<DaneHost>& hosts, const HopDane* before) {
  if (before == nullptr) return;
  for (DaneHost& host : hosts)
    if (host.state() == HostState::failed) host.last_usable = last_usable_of(*before, host.name);
}

}  // namespace

std::string to_text(const HopKey& hop, std::string_view domain) {
  std::string out = hop.bracketed ? "[" + std::string(domain) + "]" : std::string(domain);
  if (hop.port != kSmtp) out += ":" + std::to_string(hop.port);
  return out;
}

const HopDane* find_hop(const std::shared_ptr<const HopDanes>& known, const HopKey& hop) {
  if (!known) return nullptr;
  const auto found = std::find_if(known->begin(), known->end(), [&](const HopDane& each) { return each.hop == hop; });
  return found == known->end() ? nullptr : &*found;
}

bool is_remembered(const HopDane& known, LifeTime now) {
  return ever_seen(known) && now - known.seen <= kDaneRemembered;
}

HopDane learned(const HopDane* before, const HopKey& hop, DaneStatus found, seconds ttl, LifeTime now) {
  const LifeTime until = now + std::clamp(ttl, kMinDaneCurrent, kMaxDaneCurrent);
  remember_usable(found.hosts, before);
  if (found.mx != MxState::failed) return {hop, std::move(found), now, false, until};
  // Renewed before its end, in vain.
  if (before != nullptr && !before->failing && now <= before->current_until) return *before;
  HopDane after = before != nullptr ? *before : HopDane{.hop = hop};
  after.failing = true;
  after.current_until = now + (is_remembered(after, now) ? kMinDaneCurrent : kFailedCurrent);
  return after;
}

HopDane unfinished(const HopDane* known, const HopKey& hop, DaneStatus so_far, LifeTime now) {
  const bool helps = known != nullptr && is_remembered(*known, now);
  for (DaneHost& host : so_far.hosts) {
    if (!helps || host.finding != HostFinding::unanswered) continue;
    const DaneHost* const before = host_of(*known, host.name);
    if (before != nullptr) host = *before;
  }
  HopDane after = learned(known, hop, std::move(so_far), kMinDaneCurrent, now);
  after.failing |= helps;
  return after;
}

std::shared_ptr<const HopDanes> with_hop(const std::shared_ptr<const HopDanes>& known, HopDane hop) {
  HopDanes after = known ? *known : HopDanes();
  std::erase_if(after, [&](const HopDane& each) { return each.hop == hop.hop; });
  after.push_back(std::move(hop));
  if (after.size() > kMaxHops) after.erase(std::min_element(after.begin(), after.end(), less_worth));
  after.shrink_to_fit();
  return std::make_shared<const HopDanes>(std::move(after));
}

DaneNeed assess_dane(const HopDane* known, LifeTime now, bool enforced) {
  if (known == nullptr) return DaneNeed::wait;
  if (now <= known->current_until) return DaneNeed::nothing;
  const bool answers =
      !too_old(*known, now) && (known->failing ? is_remembered(*known, now) : all_looked_up(known->status));
  return answers && !enforced ? DaneNeed::refresh : DaneNeed::wait;
}

std::optional<LifeTime> renewal_of(const HopDane& known) {
  if (known.failing && !ever_seen(known)) return std::nullopt;
  const seconds lifetime = known.failing ? kMinDaneCurrent : known.current_until - known.seen;
  return known.current_until - lifetime / 10;
}

DaneDecision decide_hop(const HopDane* known, LifeTime now, const AllowsHost& enforced,
                        const PrecedenceOptions& options) {
  static const DaneStatus kUnknown{};
  if (known == nullptr) return decide_precedence(kUnknown, nullptr, enforced, options, now);
  const bool counts = now <= known->current_until || (!enforced && !too_old(*known, now));
  if (!known->failing && counts) return decide_precedence(known->status, nullptr, enforced, options, now);
  return decide_precedence(kUnknown, is_remembered(*known, now) ? &known->status : nullptr, enforced, options, now);
}

}  // namespace tlspolicyd
