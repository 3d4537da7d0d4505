#include "learn/learner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "event/askers.h"
#include "explain/discovery_steps.h"
#include "learn/policy_log.h"
#include "store/stored_row.h"
#include "sts/schedule.h"

namespace tlspolicyd {
namespace {

// Askers whose mail hosts are looked at before a fetch begins, in one turn: for a crowd it begins
// whatever they are.
constexpr std::size_t kMostAsked = 4096;

bool holds_policy(const Entry* entry) { return entry != nullptr && entry->held; }

}  // namespace

struct Learner::Asker {
  Done done;
  OnFetch on_fetch;
};

struct Learner::Pending {
  Domain domain;
  Purpose purpose;
  Askers<Asker> askers;
  std::unique_ptr<Discovery> discovery;
  Ticket point_read;
  bool reading = false;                   // point_read is under way
  Learned stored = Learned::untold;       // of the row, should the cache have no policy
  std::optional<DiscoveryReport> report;  // complete; waits for the row
  bool txt_pending = true;
  std::optional<FetchGate> gate;  // of the fetch, once there is to be one
};

Learner::Learner(Parts parts, Options options)
    : parts_(std::move(parts)),
      options_(options),
      first_contact_dns_(parts_.dns, DnsTurn::first_contact),
      refresh_dns_(parts_.dns, DnsTurn::refresh),
      reachability_(parts_.log),
      bury_(parts_.timers.make([this] { retired_.clear(); })) {}

Learner::~Learner() = default;

bool Learner::has_room_for(const Domain& domain) const {
  // What is stored applies, however busy we are: it may be read where no more can be discovered.
  const std::size_t most = parts_.shadow.may_hold(domain) ? 2 * options_.max_discoveries : options_.max_discoveries;
  return pending_.size() < most || pending_.count(domain.text()) != 0;
}

Ticket Learner::learn(const Domain& domain, Done done, OnFetch on_fetch) {
  auto asker = std::make_shared<Asker>(Asker{std::move(done), std::move(on_fetch)});
  Pending& pending = enter(domain, Purpose::question);
  pending.askers.add(asker);
  ask_late_comer(pending, *asker);
  return Ticket([asker] { asker->done = nullptr, asker->on_fetch = nullptr; });
}

void Learner::learn_in_background(const Domain& domain, Purpose purpose) {
  if (pending_.count(domain.text()) == 0 && has_room_for(domain)) enter(domain, purpose);
}

bool Learner::txt_pending(const Domain& domain) const {
  const auto found = pending_.find(domain.text());
  return found != pending_.end() && found->second->txt_pending;
}

// An entry that says more than "discover" was made after the store had been asked.
bool Learner::store_pending(const Domain& domain) const {
  if (!parts_.shadow.may_hold(domain)) return false;
  if (assess(parts_.cache.find(domain.text()), parts_.clock.life()).need != Need::discover) return false;
  const auto found = pending_.find(domain.text());
  return found == pending_.end() || found->second->stored != Learned::nothing_enforced;
}

// The cache evicted its policy, be it while a discovery is under way.
bool Learner::only_stored(const Domain& domain) const {
  return parts_.shadow.holds(domain) && !holds_policy(parts_.cache.find(domain.text()));
}

Learner::Pending& Learner::enter(const Domain& domain, Purpose purpose) {
  const auto found = pending_.find(domain.text());
  if (found != pending_.end()) {
    if (only_stored(domain)) read_store(*found->second);
    return *found->second;
  }
  Pending& pending =
      *pending_.emplace(domain.text(), std::make_unique<Pending>(Pending{domain, purpose, {}, nullptr, {}}))
           .first->second;
  if (purpose == Purpose::refresh) ++refreshes_;
  const bool in_memory = holds_policy(parts_.cache.find(domain.text()));
  if (!in_memory && parts_.shadow.may_hold(domain)) {
    read_store(pending);
  } else {
    if (!in_memory) pending.stored = Learned::nothing_enforced;
    discover(pending);
  }
  return pending;
}

// A name of which memory holds no policy may be in the store.
void Learner::read_store(Pending& pending) {
  if (std::exchange(pending.reading, true)) return;
  pending.point_read = parts_.shadow.get(pending.domain, [this, &pending](const std::optional<StoredRow>& row) {
    pending.reading = false;
    on_row(pending, row);
  });
}

// The row counts even if the cache has no room for it.
void Learner::on_row(Pending& pending, const std::optional<StoredRow>& row) {
  std::optional<Entry> entry = row ? newer_entry(*row) : std::nullopt;
  if (entry) {
    if (pending.purpose == Purpose::question) entry->last_asked = parts_.clock.life();
    take_up(*entry);
  }
  const Entry* const known = entry ? &*entry : parts_.cache.find(pending.domain.text());
  const bool unreadable = !row && only_stored(pending.domain);
  pending.stored = unreadable ? Learned::untold : learned_from(known);
  if (pending.report) conclude(pending, known);
  else go_on(pending, known);
}

// A policy that applies is what askers wait for. A discovery that is under way goes on behind the answers.
void Learner::go_on(Pending& pending, const Entry* known) {
  const bool applies = assess(known, parts_.clock.life()).applies != nullptr;
  const bool room = pending_.size() <= options_.max_discoveries;
  const bool discovers = pending.discovery != nullptr;
  if (applies && !discovers && (!room || !only_stored(pending.domain))) return finish(pending, pending.stored);
  if (applies) tell(pending, pending.stored);
  if (discovers) return;
  if (room) return discover(pending);
  parts_.metrics.add("first_contact", "overloaded");
  finish(pending, pending.stored);
}

void Learner::discover(Pending& pending) {
  Https& https = pending.purpose == Purpose::refresh ? parts_.fetches.refreshes() : parts_.fetches.first_contacts();
  // Where a policy applies nobody waits for what is learned.
  const bool waited = assess(parts_.cache.find(pending.domain.text()), parts_.clock.life()).applies == nullptr;
  Dns& dns = waited && pending.purpose == Purpose::question ? first_contact_dns_ : refresh_dns_;
  pending.discovery = std::make_unique<Discovery>(
      Discovery::Ports{dns, https, parts_.timers, parts_.clock, parts_.nat64}, pending.domain, options_.discovery,
      [this, &pending](const TxtSeen& txt) { return fetch_rule(pending, txt); },
      [this, &pending](DiscoveryReport report) { on_discovered(pending, std::move(report)); });
  pending.discovery->start();
}

FetchSeen::State Learner::fetch_rule(Pending& pending, const TxtSeen& txt) {
  pending.txt_pending = false;
  const Entry* entry = parts_.cache.find(pending.domain.text());
  const LifeTime now = parts_.clock.life();
  if (!wants_fetch(entry, pending.purpose, txt, now)) return FetchSeen::State::not_needed;
  const bool allowed = may_fetch(entry, id_to_fetch(entry, txt), now, options_.sts);
  if (!allowed) return FetchSeen::State::paced;
  pending.gate = gate_of(pending);
  if (pending.gate == FetchGate::closed) return FetchSeen::State::not_needed;
  if (pending.gate == FetchGate::held) pending.discovery->hold_fetch();
  return FetchSeen::State::fetched;
}

// The most permissive of what the askers say: their next hops may have different mail hosts. A
// policy that applies is kept up whatever DNS says.
Learner::FetchGate Learner::gate_of(const Pending& pending) const {
  const Entry* const entry = parts_.cache.find(pending.domain.text());
  if (assess(entry, parts_.clock.life()).applies != nullptr) return FetchGate::open;
  if (pending.askers.size() > kMostAsked) return FetchGate::open;
  std::optional<FetchGate> gate;
  pending.askers.each([&gate](Asker& asker) {
    if (!asker.on_fetch) return;
    const FetchGate own = std::exchange(asker.on_fetch, nullptr)();
    gate = std::min(gate.value_or(own), own);
  });
  return gate.value_or(FetchGate::open);
}

void Learner::ask_late_comer(Pending& pending, Asker& asker) {
  if (!pending.gate || !asker.on_fetch) return;
  if (std::exchange(asker.on_fetch, nullptr)() == FetchGate::open) allow_fetch(pending.domain, true);
}

void Learner::allow_fetch(const Domain& domain, bool allowed) {
  const auto found = pending_.find(domain.text());
  if (found == pending_.end() || found->second->gate != FetchGate::held) return;
  found->second->gate = allowed ? FetchGate::open : FetchGate::closed;
  if (allowed) found->second->discovery->release_fetch();
  else found->second->discovery->refuse_fetch();
}

// The policy may have been evicted meanwhile. What was seen changes it, and does not replace it.
void Learner::on_discovered(Pending& pending, DiscoveryReport report) {
  explain_evidence(pending.domain, report);
  pending.report = std::move(report);
  if (only_stored(pending.domain)) return read_store(pending);
  finish(pending, take_in(pending, *pending.report, parts_.cache.find(pending.domain.text())));
}

// Without the row only a new policy counts: any other result would hide the one that is stored.
void Learner::conclude(Pending& pending, const Entry* known) {
  const bool fetched = pending.report->evidence.fetch.state == FetchSeen::State::fetched;
  if (pending.stored == Learned::untold && !fetched) return finish(pending, Learned::untold);
  finish(pending, take_in(pending, *pending.report, known));
}

Learner::Learned Learner::take_in(const Pending& pending, const DiscoveryReport& report, const Entry* known) {
  const LifeTime now = parts_.clock.life();
  Evidence seen = report.evidence;
  // Another next hop of the domain may take mail: it is not kept from its policy for long.
  if (pending.gate == FetchGate::closed) seen.txt.ttl = seconds(0);
  Entry after = settle(known, pending.domain, seen, now, options_.sts, parts_.spread());
  if (report.fetch) reachability_.saw(*report.fetch, now);
  count_discovery(parts_.metrics, report, pending.purpose);
  log_discovery(parts_.log, known, after, report);
  warn_if_failing(after, report.evidence);
  const bool persist = after.held || (known != nullptr && known->held);
  const Learned learned = learned_from(&after);
  if (persist) parts_.shadow.changed(pending.domain);
  parts_.cache.put(std::move(after), now);
  return learned;
}

Learner::Learned Learner::learned_from(const Entry* entry) const {
  const HeldPolicy* const applies = assess(entry, parts_.clock.life()).applies;
  return applies != nullptr && applies->policy.mode == Mode::enforce ? Learned::enforced : Learned::nothing_enforced;
}

void Learner::warn_if_failing(Entry& entry, const Evidence& seen) {
  if (entry.failure && entry.held) failing_.insert(entry.domain.text());
  else failing_.erase(entry.domain.text());
  const LifeTime now = parts_.clock.life();
  if (seen.fetch.state != FetchSeen::State::failed || !deserves_warning(entry, now)) return;
  entry.warned = now;
  log_failing(parts_.log, entry, now);
}

void Learner::adopt(const StoredRow& row) {
  if (auto entry = newer_entry(row)) take_up(std::move(*entry));
}

// Empty where something newer is known, or where the policy has ended.
std::optional<Entry> Learner::newer_entry(const StoredRow& row) const {
  const Entry* known = parts_.cache.find(row.domain.text());
  const LifeTime now = parts_.clock.life();
  Entry entry = from_row(row, parts_.clock);
  if (parts_.shadow.knows_age(row.domain)) entry = without_stored_time(entry);
  if (holds_policy(known) && known->held->fetched >= entry.held->fetched) return std::nullopt;
  if (!usable(*entry.held, now)) return std::nullopt;  // by the wall clock: the shadow sees to it
  if (known != nullptr) entry.last_asked = known->last_asked;
  if (known != nullptr && known->dane) entry.dane = known->dane;
  return entry;
}

void Learner::take_up(Entry entry) {
  const LifeTime now = parts_.clock.life();
  if (entry.failure) failing_.insert(entry.domain.text());
  entry.warned = last_warning(entry);
  if (entry.due == LifeTime::max()) entry.due = due_after_load(entry, now, options_.sts, (parts_.spread() + 1) / 2);
  parts_.shadow.adopted(entry.domain);
  parts_.cache.put(std::move(entry), now);
}

// Where it has ended it is as if it had when it was read: its row stays for a while.
void Learner::grew_older(Entry entry) {
  const LifeTime now = parts_.clock.life();
  if (usable(*entry.held, now)) {
    entry.due = due_after_load(entry, now, options_.sts, (parts_.spread() + 1) / 2);
    return parts_.cache.put(std::move(entry), now);
  }
  log_lapsed(parts_.log, entry);
  forgot(entry.domain);
  parts_.shadow.pass_over(entry);
  parts_.cache.put(lapsed(entry), now);
}

void Learner::finish(Pending& pending, Learned learned) {
  const auto node = pending_.extract(pending.domain.text());
  if (pending.purpose == Purpose::refresh) --refreshes_;
  // A discovery that is calling back must not be destroyed before it returns.
  retired_.push_back(std::move(pending.discovery));
  if (retired_.size() == 1) bury_->start(milliseconds(0));  // begun anew at each it would never come while we are busy
  tell(pending, learned);
}

void Learner::tell(Pending& pending, Learned learned) {
  std::move(pending.askers).each_in_turns(parts_.loop, kAskersATurn, [learned](Asker& asker) {
    if (asker.done) std::exchange(asker.done, nullptr)(learned);
  });
}

void Learner::restart(const Domain& domain) {
  const auto found = pending_.find(domain.text());
  if (found == pending_.end()) return;
  Pending& pending = *found->second;
  pending.point_read.reset();
  pending.reading = false;
  pending.stored = Learned::nothing_enforced;
  pending.report.reset();
  pending.discovery.reset();
  pending.gate.reset();
  if (!wanted(pending)) return drop(pending);
  pending.txt_pending = true;
  discover(pending);
}

void Learner::restart_all() {
  std::vector<Domain> domains;
  for (const auto& [name, pending] : pending_) domains.push_back(pending->domain);
  for (const Domain& domain : domains) restart(domain);
}

bool Learner::wanted(const Pending& pending) {
  return pending.askers.any([](const Asker& asker) { return asker.done != nullptr; });
}

void Learner::drop(Pending& pending) {
  if (pending.purpose == Purpose::refresh) --refreshes_;
  pending_.erase(pending.domain.text());
}

}  // namespace tlspolicyd
