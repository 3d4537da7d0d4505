#include "answer/policy_service.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace tlspolicyd {
namespace {

// A crowd that asked together runs out of time together; others get their turn between.
constexpr int kGiveUpsPerTurn = 512;
constexpr int kAdvancedATurn = 256;
constexpr milliseconds kLeastWait{1};
// Times that a policy is read again that was evicted before its reply. Each answers some of its waiters, unless
// the policy is larger than the whole cache.
constexpr int kMostReadsAgain = 64;

}  // namespace

PolicyService::PolicyService(Parts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      notes_(parts_.log, parts_.clock),
      map_names_(parts_.log),
      reply_timer_(parts_.timers.make([this] { on_reply_timeout(); })),
      advance_timer_(parts_.timers.make([this] { advance_some(); })) {}

PolicyService::~PolicyService() = default;

ReplyRules PolicyService::rules_for(const MapName& map) const {
  ReplyRules rules = options_.rules;
  if (!map.level) return rules;
  rules.level = *map.level;
  rules.dane_active = rules.level == BaseLevel::dane && options_.validates;
  return rules;
}

bool PolicyService::must_wait(const MapName& map, std::string_view payload) const {
  return !level_known(map) && (payload.substr(0, 3) == "OK " || dane_matters(false, options_.rules.precedence));
}

bool PolicyService::answer_now(const MapQuestion& question, std::string& out) {
  const MapName map = map_of(question.map_name);
  if (map_names_.count(question.map_name, map) && parts_.on_new_map_name) parts_.on_new_map_name(map);
  const auto next_hop = parse_next_hop(question.key);
  if (!next_hop || answers_nothing(map)) {
    out += kNotFound;
    return true;
  }
  const Domain& domain = next_hop->domain;
  const LifeTime now = parts_.clock.life();
  const Entry* const entry = parts_.cache.find(domain.text());
  const Need need = assess(entry, now).need;
  if (need == Need::discover && parts_.learner.has_room_for(domain)) return false;
  if (need == Need::discover && parts_.learner.store_pending(domain)) {
    const std::string payload = store_untold(domain);
    note_lookup(question.key, payload);
    out += payload;
    return true;
  }
  const HopKey hop = hop_of(*next_hop);
  const HopDane* const dane = dane_of(entry, hop);
  const DaneNeed dane_wanted = dane_need(entry, dane, now, rules_for(map));
  if (dane_wanted == DaneNeed::wait && parts_.dane.has_room_for(domain, hop)) return false;
  const std::size_t begin = out.size();
  append_reply(out, domain, entry, dane, map, now);
  if (must_wait(map, std::string_view(out).substr(begin))) {
    out.resize(begin);
    return false;
  }
  if (need == Need::discover || dane_wanted == DaneNeed::wait) parts_.metrics.add("first_contact", "overloaded");
  if (dane != nullptr) note_use(domain, *entry, *dane, map);
  if (entry != nullptr) parts_.cache.touch(*entry, now);
  learn_again(*next_hop, need, dane_wanted);
  note_lookup(question.key, std::string_view(out).substr(begin));
  return true;
}

// Whoever asks next should not have to wait for DANE.
void PolicyService::note_use(const Domain& domain, const Entry& entry, const HopDane& dane, const MapName& map) {
  const auto bit = static_cast<std::uint8_t>(1U << (&dane - entry.dane->data()));
  if ((entry.dane_in_use & bit) != 0 || !rules_for(map).dane_active || parts_.clock.life() > dane.current_until) return;
  parts_.cache.use_dane(entry, bit);
  parts_.dane.renew_in_time(domain, dane);
}

// So many wait for the store that this one cannot.
std::string PolicyService::store_untold(const Domain& domain) {
  parts_.metrics.add("first_contact", "overloaded");
  return temp_reply("the store has not told yet what it holds of " + domain.text());
}

void PolicyService::append_reply(std::string& out, const Domain& domain, const Entry* entry, const HopDane* dane,
                                 const MapName& map, LifeTime now) {
  const ReplyRules rules = rules_for(map);
  const ReplyLoss loss = entry != nullptr
                             ? append_entry_reply(out, *entry, dane, now, map.form, rules)
                             : append_entry_reply(out, Entry{.domain = domain}, dane, now, map.form, rules);
  notes_.on_shed(domain, loss.shed);
  if (rules.dane_active) notes_.on_left_out(domain, dane, loss.left_out);
}

std::string PolicyService::reply_to(const Domain& domain, const Entry* entry, const HopDane* dane, const MapName& map,
                                    LifeTime now) {
  std::string payload;
  append_reply(payload, domain, entry, dane, map, now);
  return payload;
}

void PolicyService::learn_again(const NextHop& next_hop, Need policy, DaneNeed dane) {
  if (policy == Need::recheck) parts_.learner.learn_in_background(next_hop.domain, Purpose::question);
  if (dane == DaneNeed::refresh) parts_.dane.learn_in_background(next_hop.domain, hop_of(next_hop));
}

bool PolicyService::purge(const Domain& domain) {
  ++purges_;
  const bool known = parts_.cache.erase(domain.text());
  parts_.learner.forgot(domain);
  parts_.shadow.forget(domain);
  parts_.learner.restart(domain);
  parts_.dane.restart(domain);
  if (known) parts_.log.info(LogLine("policy").with("domain", domain.text()).with("action", "purged"));
  return known;
}

std::size_t PolicyService::purge_all() {
  ++purges_;
  const std::size_t known = parts_.cache.census().entries + parts_.shadow.beyond_memory();
  parts_.elsewhere.post([gone = parts_.cache.clear()] {});
  parts_.learner.forgot_all();
  parts_.shadow.forget_all();
  parts_.learner.restart_all();
  parts_.dane.restart_all();
  parts_.log.info(LogLine("policy").with("action", "purged_all").with("entries", known));
  return known;
}

struct PolicyService::Waiter {
  std::string key;
  NextHop next_hop;
  MapName map;
  Done done;
  bool policy_asked = false, policy_pending = false;
  std::uint64_t purges = 0;  // before policy_asked
  bool enforced = false;     // what was learned then
  int read_again = 0;
  bool dane_asked = false;
  std::optional<HopDane> dane;  // what was learned, should the cache have no room for it
  Ticket learning, dane_learning;
  Waiters::iterator place{};  // as long as `done` is there

  [[nodiscard]] const Domain& domain() const { return next_hop.domain; }
  [[nodiscard]] HopKey hop() const { return hop_of(next_hop); }
};

Ticket PolicyService::answer(const MapQuestion& question, Done done) {
  auto waiter = std::make_shared<Waiter>(Waiter{.key = std::string(question.key),
                                                .next_hop = *parse_next_hop(question.key),
                                                .map = map_of(question.map_name),
                                                .done = std::move(done),
                                                .dane = {},
                                                .learning = {},
                                                .dane_learning = {}});
  line_up(waiter);
  advance(waiter);
  return Ticket([this, waiter, alive = std::weak_ptr(alive_)] {
    if (waiter->done && !alive.expired()) static_cast<void>(leave(*waiter));
  });
}

void PolicyService::line_up(const WaiterPtr& waiter) {
  const SteadyTime at = parts_.clock.steady() + options_.reply_timeout;
  auto later = waiters_.end();
  while (later != waiters_.begin() && std::prev(later)->at > at) --later;
  waiter->place = waiters_.insert(later, Due{at, waiter});
  if (waiter->place == waiters_.begin()) arm_reply_timer();
}

PolicyService::Done PolicyService::leave(Waiter& waiter) {
  waiter.learning.reset();
  waiter.dane_learning.reset();
  waiters_.erase(waiter.place);
  return std::exchange(waiter.done, nullptr);
}

// Everything that is missing is asked for; the last of it to come answers.
void PolicyService::advance(const WaiterPtr& waiter) {
  if (answers_nothing(waiter->map)) return finish(waiter);
  const LifeTime now = parts_.clock.life();
  const Entry* const entry = parts_.cache.find(waiter->domain().text());
  const Need need = assess(entry, now).need;
  const bool evicted = need == Need::discover && waiter->enforced && parts_.learner.store_pending(waiter->domain());
  if (evicted && !may_read_again(*waiter)) return settle_waiter(waiter, store_untold(waiter->domain()));
  const bool discover = need == Need::discover && parts_.learner.has_room_for(waiter->domain());
  if (!waiter->policy_asked && discover) learn_policy(waiter);
  if (!waiter->policy_asked && parts_.learner.store_pending(waiter->domain()))
    return settle_waiter(waiter, store_untold(waiter->domain()));
  const HopDane* const dane = waiter->dane ? &*waiter->dane : dane_of(entry, waiter->hop());
  const bool wait = dane_need(entry, dane, now, rules_for(waiter->map)) == DaneNeed::wait;
  if (!waiter->dane_asked && wait) learn_dane(waiter);
  if (!waiter->policy_pending && !(wait && waiter->dane_learning)) finish(waiter);
}

// An enforced policy was evicted before the reply, while DANE or others were waited for. False: too often.
bool PolicyService::may_read_again(Waiter& waiter) const {
  waiter.enforced = waiter.policy_asked = false;
  return ++waiter.read_again <= kMostReadsAgain;
}

// What DANE says is asked for at once if it can decide without a policy, else as soon as
// there is one to be fetched, so that it adds no latency to it.
void PolicyService::learn_policy(const WaiterPtr& waiter) {
  waiter->policy_asked = waiter->policy_pending = true;
  waiter->enforced = false;
  waiter->purges = purges_;
  const std::weak_ptr weak(waiter);
  waiter->learning = parts_.learner.learn(
      waiter->domain(),
      [this, weak](Learner::Learned learned) {
        if (const WaiterPtr found = weak.lock()) on_learned(found, learned);
      },
      [this, weak] {
        const WaiterPtr found = weak.lock();
        return found ? on_fetch(found) : Learner::FetchGate::open;
      });
}

void PolicyService::on_learned(const WaiterPtr& waiter, Learner::Learned learned) {
  const Domain& domain = waiter->domain();
  waiter->policy_pending = false;
  waiter->enforced = learned == Learner::Learned::enforced;
  if (waiter->purges != purges_) waiter->policy_asked = false;  // what was learned may be gone again
  if (learned == Learner::Learned::untold && parts_.learner.store_pending(domain))
    return settle_waiter(waiter, temp_reply("the stored policy of " + domain.text() + " cannot be read"));
  advance(waiter);
}

// A domain that takes no mail needs no policy, so the GET waits for the MX RRset, which is
// asked beside the addresses of the policy host.
Learner::FetchGate PolicyService::on_fetch(const WaiterPtr& waiter) {
  if (!rules_for(waiter->map).dane_active) return Learner::FetchGate::open;
  const HopDane* const dane = dane_of(parts_.cache.find(waiter->domain().text()), waiter->hop());
  if (!waiter->dane_asked && assess_dane(dane, parts_.clock.life(), true) == DaneNeed::wait) learn_dane(waiter);
  const auto mx = parts_.dane.mx_state(waiter->domain(), waiter->hop());
  if (!mx) return waiter->dane_asked ? Learner::FetchGate::held : Learner::FetchGate::open;
  return *mx == MxState::null_mx ? Learner::FetchGate::closed : Learner::FetchGate::open;
}

void PolicyService::learn_dane(const WaiterPtr& waiter) {
  if (!parts_.dane.has_room_for(waiter->domain(), waiter->hop())) return;
  waiter->dane_asked = true;
  const std::weak_ptr weak(waiter);
  waiter->dane_learning = parts_.dane.learn(
      waiter->domain(), waiter->hop(),
      [this, weak](const HopDane& known) {
        const WaiterPtr found = weak.lock();
        if (!found) return;
        found->dane = known;
        found->dane_learning.reset();
        advance(found);
      },
      [this, domain = waiter->domain()](MxState mx) { parts_.learner.allow_fetch(domain, mx != MxState::null_mx); });
}

// What a question waits for may be known now, or matter no more.
void PolicyService::set_options(Options options) {
  options_ = std::move(options);
  to_advance_.clear();
  for (const Due& due : waiters_) to_advance_.push_back(due.waiter);
  advance_some();
}

void PolicyService::advance_some() {
  for (int advanced = 0; !to_advance_.empty() && advanced < kAdvancedATurn; ++advanced) {
    const WaiterPtr waiter = to_advance_.front().lock();
    to_advance_.pop_front();
    if (waiter && waiter->done) advance(waiter);
  }
  if (!to_advance_.empty()) advance_timer_->start(milliseconds(0));
}

void PolicyService::finish(const WaiterPtr& waiter) {
  const LifeTime now = parts_.clock.life();
  const Domain& domain = waiter->domain();
  const Entry* const entry = parts_.cache.find(domain.text());
  if (entry != nullptr) parts_.cache.touch(*entry, now);
  const HopDane* const dane = waiter->dane ? &*waiter->dane : dane_of(entry, waiter->hop());
  const Need need = assess(entry, now).need;
  const DaneNeed dane_wanted = dane_need(entry, dane, now, rules_for(waiter->map));
  const std::string payload =
      answers_nothing(waiter->map) ? std::string(kNotFound) : reply_to(domain, entry, dane, waiter->map, now);
  if (must_wait(waiter->map, payload)) return;
  learn_again(waiter->next_hop, need, dane_wanted);
  settle_waiter(waiter, payload);
}

// Learning goes on behind the answer. A policy that is held already is never passed over, be it
// in a store that is slow. As long as TXT itself is unanswered, that is a failure of DNS like
// any other.
std::string PolicyService::reply_by_now(const NextHop& next_hop, const MapName& map, const HopDane* learned) {
  if (answers_nothing(map)) return std::string(kNotFound);
  const LifeTime now = parts_.clock.life();
  const std::string& domain = next_hop.domain.text();
  const Entry* const entry = parts_.cache.find(domain);
  if (parts_.learner.store_pending(next_hop.domain))
    return temp_reply("the store has not told yet what it holds of " + domain);
  const bool temp = options_.rules.precedence.dns_error_reply == DaneVerdict::temp &&
                    assess(entry, now).applies == nullptr && parts_.learner.txt_pending(next_hop.domain);
  if (temp) return temp_reply("MTA-STS record of " + domain + " is not answered");
  const HopDane dane = learned != nullptr ? *learned : parts_.dane.so_far(next_hop.domain, hop_of(next_hop));
  std::string payload = reply_to(next_hop.domain, entry, &dane, map, now);
  const bool replaces = payload.substr(0, 3) == "OK ";
  return replaces && must_wait(map, payload) ? temp_reply("smtp_tls_security_level of Postfix is not known yet")
                                             : payload;
}

std::string PolicyService::answer_by_now(const MapQuestion& question) {
  const std::string payload = reply_by_now(*parse_next_hop(question.key), map_of(question.map_name), nullptr);
  note_lookup(question.key, payload);
  return payload;
}

void PolicyService::give_up(const WaiterPtr& waiter) {
  parts_.metrics.add("first_contact", "timeout");
  settle_waiter(waiter, reply_by_now(waiter->next_hop, waiter->map, waiter->dane ? &*waiter->dane : nullptr));
}

void PolicyService::settle_waiter(const WaiterPtr& waiter, const std::string& payload) {
  if (!waiter->done) return;
  note_lookup(waiter->key, payload);
  leave (*waiter)(payload);
}

void PolicyService::on_reply_timeout() {
  const SteadyTime now = parts_.clock.steady();
  for (int given_up = 0; !waiters_.empty() && waiters_.front().at <= now && given_up < kGiveUpsPerTurn; ++given_up)
    give_up(waiters_.front().waiter.lock());
  if (!waiters_.empty()) arm_reply_timer();
}

// For the front of the line. Where that one is answered in time it fires for nothing.
void PolicyService::arm_reply_timer() {
  const auto left = waiters_.front().at - parts_.clock.steady();
  reply_timer_->start(std::max(std::chrono::ceil<milliseconds>(left), kLeastWait));
}

}  // namespace tlspolicyd
