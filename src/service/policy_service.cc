#include "service/policy_service.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kPlainMapName = "QUERY";  // as in our examples for main.cf
// A crowd that asked together runs out of time together; others get their turn between.
constexpr int kGiveUpsPerTurn = 512;
constexpr milliseconds kBreath{1};

HopKey hop_of(const NextHop& next_hop) {
  return {next_hop.bracketed, next_hop.port.value_or(HopKey{}.port)};
}

const HopDane* dane_of(const Entry* entry, const HopKey& hop) {
  return entry != nullptr ? find_hop(entry->dane, hop) : nullptr;
}

}  // namespace

struct PolicyService::Waiter {
  std::string key;
  NextHop next_hop;
  MapForm form;
  Done done;
  bool policy_asked = false, policy_pending = false;
  bool dane_asked = false;
  std::optional<HopDane> dane;  // what was learned, should the cache have no room for it
  Ticket learning, dane_learning;

  [[nodiscard]] const Domain& domain() const { return next_hop.domain; }
  [[nodiscard]] HopKey hop() const { return hop_of(next_hop); }
};

PolicyService::PolicyService(Parts parts, Options options)
    : parts_(parts), options_(std::move(options)), notes_(parts_.log, parts_.clock),
      reply_timer_(parts_.timers.make([this] { on_reply_timeout(); })) {}

PolicyService::~PolicyService() = default;

bool PolicyService::answers_nothing() const {
  return options_.level_known && options_.rules.reply.base_level == BaseLevel::dane_only;
}

bool PolicyService::answer_now(const MapQuestion& question, std::string& out) {
  const auto next_hop = parse_next_hop(question.key);
  if (!next_hop || answers_nothing()) {
    out += kNotFound;
    return true;
  }
  if (!options_.level_known) return false;
  const Domain& domain = next_hop->domain;
  const LifeTime now = parts_.clock.life();
  const Entry* const entry = parts_.cache.find(domain.text());
  const Need need = assess(entry, now).need;
  if (need == Need::discover && parts_.learner.has_room_for(domain)) return false;
  const HopKey hop = hop_of(*next_hop);
  const HopDane* const dane = dane_of(entry, hop);
  const DaneNeed dane_wanted = dane_need(entry, dane, now, options_.rules);
  if (dane_wanted == DaneNeed::wait && parts_.dane.has_room_for(domain, hop)) return false;
  if (need == Need::discover || dane_wanted == DaneNeed::wait) parts_.metrics.add("first_contact", "overloaded");
  const std::string payload = reply_to(domain, entry, dane, form_of(question.map_name), now);
  parts_.cache.touch(domain.text(), now);
  learn_again(*next_hop, need, dane_wanted);
  note_lookup(question.key, payload);
  out += payload;
  return true;
}

Ticket PolicyService::answer(const MapQuestion& question, Done done) {
  auto waiter = std::make_shared<Waiter>(
      Waiter{.key = std::string(question.key), .next_hop = *parse_next_hop(question.key),
             .form = form_of(question.map_name), .done = std::move(done), .dane = {}, .learning = {}, .dane_learning = {}});
  const SteadyTime deadline = parts_.clock.steady() + options_.reply_timeout;
  const auto later = std::upper_bound(waiters_.begin(), waiters_.end(), deadline,
                                      [](SteadyTime at, const Due& due) { return at < due.at; });
  waiters_.insert(later, Due{deadline, waiter});
  arm_reply_timer();
  advance(waiter);
  return Ticket([waiter] {
    waiter->learning.reset();
    waiter->dane_learning.reset();
    waiter->done = nullptr;
  });
}

// Everything that is missing is asked for; the last of it to come answers.
void PolicyService::advance(const WaiterPtr& waiter) {
  if (!options_.level_known) return;
  if (answers_nothing()) return finish(waiter);
  const LifeTime now = parts_.clock.life();
  const Entry* const entry = parts_.cache.find(waiter->domain().text());
  const bool discover = assess(entry, now).need == Need::discover && parts_.learner.has_room_for(waiter->domain());
  if (!waiter->policy_asked && discover) learn_policy(waiter);
  const HopDane* const dane = waiter->dane ? &*waiter->dane : dane_of(entry, waiter->hop());
  const bool wait = dane_need(entry, dane, now, options_.rules) == DaneNeed::wait;
  if (!waiter->dane_asked && wait) learn_dane(waiter);
  if (!waiter->policy_pending && !(wait && waiter->dane_learning)) finish(waiter);
}

// What DANE says is asked for at once if it can decide without a policy, else as soon as
// there is one to be fetched, so that it adds no latency to it.
void PolicyService::learn_policy(const WaiterPtr& waiter) {
  waiter->policy_asked = waiter->policy_pending = true;
  const std::weak_ptr weak(waiter);
  waiter->learning = parts_.learner.learn(
      waiter->domain(),
      [this, weak] {
        const WaiterPtr found = weak.lock();
        if (!found) return;
        found->policy_pending = false;
        advance(found);
      },
      [this, weak] {
        const WaiterPtr found = weak.lock();
        return found ? on_fetch(found) : Learner::FetchGate::open;
      });
}

// A domain that takes no mail needs no policy, so the GET waits for the MX RRset, which is
// asked beside the addresses of the policy host.
Learner::FetchGate PolicyService::on_fetch(const WaiterPtr& waiter) {
  if (!options_.rules.dane_active) return Learner::FetchGate::open;
  const HopDane* const dane = dane_of(parts_.cache.find(waiter->domain().text()), waiter->hop());
  if (!waiter->dane_asked && assess_dane(dane, parts_.clock.life()) == DaneNeed::wait) learn_dane(waiter);
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
  if (!options_.level_known) return;
  const auto waiting = waiters_;
  for (const Due& due : waiting)
    if (const WaiterPtr waiter = due.waiter.lock(); waiter && waiter->done) advance(waiter);
}

MapForm PolicyService::form_of(std::string_view map_name) {
  if (equals_ignoring_case(map_name, options_.tlsrpt_map_name)) return MapForm::tlsrpt;
  if (!equals_ignoring_case(map_name, kPlainMapName)) notes_.on_unknown_map(map_name);
  return MapForm::plain;
}

std::string PolicyService::reply_to(const Domain& domain, const Entry* entry, const HopDane* dane, MapForm form,
                                    LifeTime now) {
  PlannedReply planned = entry != nullptr ? plan_entry_reply(*entry, dane, now, form, options_.rules)
                                          : plan_entry_reply(Entry{.domain = domain}, dane, now, form, options_.rules);
  notes_.on_shed(domain, planned.shed);
  return std::move(planned.payload);
}

EntryReply PolicyService::reply_for(const Entry& entry, MapForm form) const {
  return entry_reply(entry, parts_.clock.life(), form, options_.rules);
}

void PolicyService::note_lookup(std::string_view key, std::string_view payload) const {
  if (options_.log_lookups)
    parts_.log.info(LogLine("lookup").with("key", key).with("reply", payload));
}

void PolicyService::learn_again(const NextHop& next_hop, Need policy, DaneNeed dane) {
  if (policy == Need::recheck) parts_.learner.learn_in_background(next_hop.domain, Purpose::question);
  if (dane == DaneNeed::refresh) parts_.dane.learn_in_background(next_hop.domain, hop_of(next_hop));
}

void PolicyService::finish(const WaiterPtr& waiter) {
  const LifeTime now = parts_.clock.life();
  const Domain& domain = waiter->domain();
  parts_.cache.touch(domain.text(), now);
  const Entry* const entry = parts_.cache.find(domain.text());
  const HopDane* const dane = waiter->dane ? &*waiter->dane : dane_of(entry, waiter->hop());
  const Need need = assess(entry, now).need;
  const DaneNeed dane_wanted = dane_need(entry, dane, now, options_.rules);
  const std::string payload = answers_nothing() ? std::string(kNotFound) : reply_to(domain, entry, dane, waiter->form, now);
  learn_again(waiter->next_hop, need, dane_wanted);
  settle_waiter(waiter, payload);
}

// Learning goes on behind the answer. As long as TXT itself is unanswered, that is a
// failure of DNS like any other; a policy that is held already is never passed over.
void PolicyService::give_up(const WaiterPtr& waiter) {
  const Entry* const entry = parts_.cache.find(waiter->domain().text());
  const bool temp = options_.rules.precedence.dns_error_reply == DaneVerdict::temp &&
                    assess(entry, parts_.clock.life()).applies == nullptr &&
                    parts_.learner.txt_pending(waiter->domain());
  parts_.metrics.add("first_contact", "timeout");
  const std::string payload =
      temp ? temp_reply("MTA-STS record of " + waiter->domain().text() + " is not answered") : known_reply_to(*waiter);
  waiter->learning.reset();
  waiter->dane_learning.reset();
  settle_waiter(waiter, payload);
}

std::string PolicyService::known_reply_to(const Waiter& waiter) {
  const Entry* const entry = parts_.cache.find(waiter.domain().text());
  const LifeTime now = parts_.clock.life();
  if (answers_nothing()) return std::string(kNotFound);
  const HopDane dane = waiter.dane ? *waiter.dane : parts_.dane.so_far(waiter.domain(), waiter.hop());
  return reply_to(waiter.domain(), entry, &dane, waiter.form, now);
}

void PolicyService::settle_waiter(const WaiterPtr& waiter, const std::string& payload) {
  note_lookup(waiter->key, payload);
  if (const Done done = std::exchange(waiter->done, nullptr)) done(payload);
}

void PolicyService::on_reply_timeout() {
  const SteadyTime now = parts_.clock.steady();
  for (int given_up = 0; !waiters_.empty() && given_up < kGiveUpsPerTurn;) {
    const WaiterPtr waiter = waiters_.front().waiter.lock();
    if (waiter && waiter->done && waiters_.front().at > now) break;
    waiters_.pop_front();
    if (!waiter || !waiter->done) continue;
    give_up(waiter);
    ++given_up;
  }
  arm_reply_timer();
}

// The front of the queue is the next to time out; those answered meanwhile fall out when
// their turn comes.
void PolicyService::arm_reply_timer() {
  while (!waiters_.empty() && waiters_.front().waiter.expired()) waiters_.pop_front();
  if (waiters_.empty()) return reply_timer_->cancel();
  const auto left = waiters_.front().at - parts_.clock.steady();
  reply_timer_->start(std::max(std::chrono::ceil<milliseconds>(left), kBreath));
}

bool PolicyService::purge(const Domain& domain) {
  const bool known = parts_.cache.erase(domain.text());
  parts_.learner.forgot(domain);
  parts_.shadow.forget(domain);
  parts_.learner.restart(domain);
  parts_.dane.restart(domain);
  if (known) parts_.log.info(LogLine("policy").with("domain", domain.text()).with("action", "purged"));
  return known;
}

std::size_t PolicyService::purge_all() {
  const std::size_t known = parts_.cache.census().entries;
  parts_.cache.clear();
  parts_.learner.forgot_all();
  parts_.shadow.forget_all();
  parts_.learner.restart_all();
  parts_.dane.restart_all();
  parts_.log.info(LogLine("policy").with("action", "purged_all").with("entries", known));
  return known;
}

}  // namespace tlspolicyd
