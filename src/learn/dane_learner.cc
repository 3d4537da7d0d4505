#include "learn/dane_learner.h"

#include <algorithm>
#include <utility>

#include "event/askers.h"
#include "explain/dane_words.h"
#include "postfix/entry_reply.h"
#include "sts/decide.h"

namespace tlspolicyd {
namespace {

// Each keeps what was told of twenty hosts at most, without their records: some 30 kB, and asks about
// eight of them at a time: below 150 MB. Domains whose enforced policy applies have half as much room more.
constexpr std::size_t kMaxLookUps = 4000, kMaxProtected = 6000;

// Some 100 octets each. Of what is beyond them the next question waits, once.
constexpr std::size_t kMaxRenewals = 65'536;
constexpr int kRenewedATurn = 64;

}  // namespace

struct DaneLearner::Asker {
  Done done;
  DaneLookup::OnMx on_mx;
};

struct DaneLearner::Pending {
  Domain domain;
  HopKey hop;
  DnsAt mx_dns, host_dns;
  Askers<Asker> askers;
  std::unique_ptr<DaneLookup> lookup;

  [[nodiscard]] bool wanted() const {
    return askers.any([](const Asker& asker) { return asker.done != nullptr; });
  }
};

DaneLearner::DaneLearner(Parts parts)
    : parts_(parts),
      host_dns_(parts_.dns, parts_.loop, parts_.clock),
      bury_(parts_.timers.make([this] { retired_.clear(); })),
      renewal_(parts_.timers.make([this] { renew_some(); })) {}

DaneLearner::~DaneLearner() = default;

DaneLearner::Key DaneLearner::key_of(const Domain& domain, const HopKey& hop) {
  return {domain.text(), (hop.bracketed ? 0x10000u : 0u) | hop.port};
}

bool DaneLearner::has_room_for(const Domain& domain, const HopKey& hop) const {
  return pending_.size() < kMaxLookUps || pending_.count(key_of(domain, hop)) != 0 ||
         (pending_.size() < kMaxProtected && protects(domain));
}

// Its mail may have to wait for what DANE says.
bool DaneLearner::protects(const Domain& domain) const {
  const HeldPolicy* const held = assess(parts_.cache.find(domain.text()), parts_.clock.life()).applies;
  return held != nullptr && held->policy.mode == Mode::enforce;
}

Ticket DaneLearner::learn(const Domain& domain, const HopKey& hop, Done done, DaneLookup::OnMx on_mx) {
  auto asker = std::make_shared<Asker>(Asker{std::move(done), std::move(on_mx)});
  enter(domain, hop, DnsTurn::first_contact).askers.add(asker);
  return Ticket([asker] { asker->done = nullptr, asker->on_mx = nullptr; });
}

void DaneLearner::learn_in_background(const Domain& domain, const HopKey& hop) {
  if (has_room_for(domain, hop)) enter(domain, hop, DnsTurn::refresh);
}

DaneLearner::Pending& DaneLearner::enter(const Domain& domain, const HopKey& hop, DnsTurn turn) {
  const auto [place, is_new] = pending_.try_emplace(key_of(domain, hop));
  if (!is_new) return *place->second;
  if (protects(domain)) turn = DnsTurn::enforced;
  const DnsTurn of_hosts = turn == DnsTurn::first_contact ? DnsTurn::mail_host : turn;
  place->second =
      std::make_unique<Pending>(Pending{domain, hop, {parts_.dns, turn}, {host_dns_, of_hosts}, {}, nullptr});
  look_up(*place->second);
  return *place->second;
}

void DaneLearner::look_up(Pending& pending) {
  pending.lookup = std::make_unique<DaneLookup>(
      DaneLookup::Ports{pending.mx_dns, pending.host_dns}, pending.domain, pending.hop,
      [this, &pending](const DaneReport& report) { on_looked_up(pending, report); },
      [this, &pending](MxState state) { on_mx(pending, state); });
  pending.lookup->start();
}

void DaneLearner::on_mx(const Pending& pending, MxState state) {
  Askers<Asker> askers = pending.askers;
  std::move(askers).each_in_turns(parts_.loop, kAskersATurn, [state](Asker& asker) {
    if (asker.on_mx) std::exchange(asker.on_mx, nullptr)(state);
  });
}

void DaneLearner::on_looked_up(Pending& pending, const DaneReport& report) {
  const HopDane known = take_in(pending, report);
  const auto node = pending_.extract(key_of(pending.domain, pending.hop));
  // A look-up that is calling back must not be destroyed before it returns.
  retired_.push_back(std::move(pending.lookup));
  if (retired_.size() == 1) bury_->start(milliseconds(0));  // as in Learner
  std::move(pending.askers).each_in_turns(parts_.loop, kAskersATurn, [known](Asker& asker) {
    if (asker.done) std::exchange(asker.done, nullptr)(known);
  });
}

// A domain of which nothing else is known yet gets an entry that says just that. A renewal that failed
// changes nothing, and is not repeated by the next reply.
HopDane DaneLearner::take_in(const Pending& pending, const DaneReport& report) {
  const LifeTime now = parts_.clock.life();
  const Entry* const known = parts_.cache.find(pending.domain.text());
  Entry entry =
      known != nullptr ? *known : Entry{.domain = pending.domain, .current_until = LifeTime::min(), .last_asked = now};
  const HopDane* const before = find_hop(entry.dane, pending.hop);
  HopDane after = learned(before, pending.hop, report.status, report.ttl, now);
  note(pending, before, after, report);
  if (before != nullptr && *before == after) return after;
  entry.dane_in_use = 0;
  entry.dane = with_hop(entry.dane, after);
  if (entry.held) parts_.shadow.changed(pending.domain);
  parts_.cache.put(std::move(entry), now);
  return after;
}

void DaneLearner::note(const Pending& pending, const HopDane* before, const HopDane& after, const DaneReport& report) {
  parts_.metrics.add("dane", name_of(report.status.mx));
  const bool same = before != nullptr && before->status == after.status && before->failing == after.failing;
  if (!same) parts_.log.info(dane_line(to_text(pending.hop, pending.domain.text()), report));
}

const HopDane* DaneLearner::known_of(const Domain& domain, const HopKey& hop) const {
  return dane_of(parts_.cache.find(domain.text()), hop);
}

std::optional<MxState> DaneLearner::mx_state(const Domain& domain, const HopKey& hop) const {
  const HopDane* const known = known_of(domain, hop);
  if (assess_dane(known, parts_.clock.life(), false) != DaneNeed::wait)
    return known->failing ? MxState::failed : known->status.mx;
  const auto found = pending_.find(key_of(domain, hop));
  if (found == pending_.end() || !found->second->lookup->mx_known()) return std::nullopt;
  return found->second->lookup->so_far().mx;
}

HopDane DaneLearner::so_far(const Domain& domain, const HopKey& hop) const {
  const HopDane* const known = known_of(domain, hop);
  const LifeTime now = parts_.clock.life();
  if (assess_dane(known, now, true) != DaneNeed::wait) return *known;
  const auto found = pending_.find(key_of(domain, hop));
  return unfinished(known, hop, found != pending_.end() ? found->second->lookup->so_far() : DaneStatus{}, now);
}

void DaneLearner::renew_in_time(const Domain& domain, const HopDane& known) {
  const auto at = renewal_of(known);
  if (!at || renewals_.size() >= kMaxRenewals) return;
  const auto place =
      renewals_.insert_or_assign({*at, key_of(domain, known.hop)}, Renewal{domain, known.hop, known.current_until});
  if (place.first == renewals_.begin())
    renewal_->start(std::max(milliseconds(*at - parts_.clock.life()), milliseconds(0)));
}

void DaneLearner::renew_some() {
  const LifeTime now = parts_.clock.life();
  for (int renewed = 0; !renewals_.empty() && renewals_.begin()->first.first <= now && renewed < kRenewedATurn;
       ++renewed) {
    const Renewal due = std::move(renewals_.extract(renewals_.begin()).mapped());
    const HopDane* const known = known_of(due.domain, due.hop);
    if (known != nullptr && known->current_until == due.current_until) learn_in_background(due.domain, due.hop);
  }
  if (!renewals_.empty())
    renewal_->start(std::max(milliseconds(renewals_.begin()->first.first - now), milliseconds(0)));
}

void DaneLearner::restart(const Domain& domain) {
  host_dns_.forget();
  std::vector<Pending*> of_domain;
  for (auto at = pending_.lower_bound({domain.text(), 0}); at != pending_.end() && at->first.first == domain.text();
       ++at)
    of_domain.push_back(at->second.get());
  for (Pending* pending : of_domain) restart(*pending);
}

void DaneLearner::restart_all() {
  host_dns_.forget();
  std::vector<Pending*> all;
  for (const auto& [key, pending] : pending_) all.push_back(pending.get());
  for (Pending* pending : all) restart(*pending);
}

// Never called from within a look-up: it can be destroyed at once.
void DaneLearner::restart(Pending& pending) {
  pending.lookup.reset();
  if (pending.wanted()) return look_up(pending);
  pending_.erase(key_of(pending.domain, pending.hop));
}

}  // namespace tlspolicyd
