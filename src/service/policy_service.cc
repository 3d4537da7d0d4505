#include "service/policy_service.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "postfix/next_hop.h"
#include "service/entry_reply.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kPlainMapName = "QUERY";  // as in our examples for main.cf

}  // namespace

struct PolicyService::Waiter {
  std::string key;
  Domain domain;
  MapForm form;
  Done done;
  Ticket learning;
};

PolicyService::PolicyService(Parts parts, Options options)
    : parts_(parts), options_(std::move(options)), notes_(parts_.log, parts_.clock),
      reply_timer_(parts_.timers.make([this] { on_reply_timeout(); })) {}

PolicyService::~PolicyService() = default;

bool PolicyService::answer_now(const MapQuestion& question, std::string& out) {
  const auto next_hop = parse_next_hop(question.key);
  if (!next_hop) {
    out += kNotFound;
    return true;
  }
  const Domain& domain = next_hop->domain;
  const LifeTime now = parts_.clock.life();
  const Entry* const entry = parts_.cache.find(domain.text());
  const Need need = assess(entry, now).need;
  if (need == Need::discover && parts_.learner.has_room_for(domain)) return false;
  if (need == Need::discover) parts_.metrics.add("first_contact", "overloaded");
  const std::string payload = reply_to(domain, entry, form_of(question.map_name), now);
  parts_.cache.touch(domain.text(), now);
  if (need == Need::recheck) parts_.learner.learn_in_background(domain, Purpose::question);
  note_lookup(question.key, payload);
  out += payload;
  return true;
}

Ticket PolicyService::answer(const MapQuestion& question, Done done) {
  const auto next_hop = parse_next_hop(question.key);
  auto waiter = std::make_shared<Waiter>(Waiter{std::string(question.key), next_hop->domain,
                                                form_of(question.map_name), std::move(done), {}});
  const SteadyTime deadline = parts_.clock.steady() + options_.reply_timeout;
  const auto later = std::upper_bound(waiters_.begin(), waiters_.end(), deadline,
                                      [](SteadyTime at, const Due& due) { return at < due.at; });
  waiters_.insert(later, Due{deadline, waiter});
  arm_reply_timer();
  waiter->learning = parts_.learner.learn(waiter->domain, [this, weak = std::weak_ptr(waiter)] {
    if (const WaiterPtr found = weak.lock()) on_learned(found);
  });
  return Ticket([waiter] {
    waiter->learning.reset();
    waiter->done = nullptr;
  });
}

MapForm PolicyService::form_of(std::string_view map_name) {
  if (equals_ignoring_case(map_name, options_.tlsrpt_map_name)) return MapForm::tlsrpt;
  if (!equals_ignoring_case(map_name, kPlainMapName)) notes_.on_unknown_map(map_name);
  return MapForm::plain;
}

std::string PolicyService::reply_to(const Domain& domain, const Entry* entry, MapForm form, LifeTime now) {
  if (entry == nullptr) return std::string(kNotFound);
  PlannedReply planned = plan_entry_reply(*entry, now, form, options_.reply, options_.dns_error_is_temp);
  notes_.on_shed(domain, planned.shed);
  return std::move(planned.payload);
}

std::string PolicyService::reply_for(const Entry& entry, MapForm form) const {
  return entry_reply(entry, parts_.clock.life(), form, options_.reply, options_.dns_error_is_temp);
}

void PolicyService::note_lookup(std::string_view key, std::string_view payload) const {
  if (options_.log_lookups)
    parts_.log.info(LogLine("lookup").with("key", key).with("reply", payload));
}

void PolicyService::on_learned(const WaiterPtr& waiter) {
  const LifeTime now = parts_.clock.life();
  parts_.cache.touch(waiter->domain.text(), now);
  const Entry* const entry = parts_.cache.find(waiter->domain.text());
  const std::string payload = reply_to(waiter->domain, entry, waiter->form, now);
  if (assess(entry, now).need == Need::recheck)
    parts_.learner.learn_in_background(waiter->domain, Purpose::question);
  settle_waiter(waiter, payload);
}

// Discovery goes on behind the answer. As long as TXT itself is unanswered, that is a
// failure of DNS like any other.
void PolicyService::give_up(const WaiterPtr& waiter) {
  const bool temp = options_.dns_error_is_temp && parts_.learner.txt_pending(waiter->domain);
  waiter->learning.reset();
  parts_.metrics.add("first_contact", "timeout");
  settle_waiter(waiter, temp ? temp_reply("MTA-STS record of " + waiter->domain.text() + " is not answered")
                             : std::string(kNotFound));
}

void PolicyService::settle_waiter(const WaiterPtr& waiter, const std::string& payload) {
  note_lookup(waiter->key, payload);
  if (const Done done = std::exchange(waiter->done, nullptr)) done(payload);
}

void PolicyService::on_reply_timeout() {
  const SteadyTime now = parts_.clock.steady();
  while (!waiters_.empty()) {
    const WaiterPtr waiter = waiters_.front().waiter.lock();
    if (waiter && waiter->done && waiters_.front().at > now) break;
    waiters_.pop_front();
    if (waiter && waiter->done) give_up(waiter);
  }
  arm_reply_timer();
}

// The front of the queue is the next to time out; those answered meanwhile fall out when
// their turn comes.
void PolicyService::arm_reply_timer() {
  while (!waiters_.empty() && waiters_.front().waiter.expired()) waiters_.pop_front();
  if (waiters_.empty()) return reply_timer_->cancel();
  const auto left = waiters_.front().at - parts_.clock.steady();
  reply_timer_->start(std::chrono::ceil<milliseconds>(left));
}

bool PolicyService::purge(const Domain& domain) {
  const bool known = parts_.cache.erase(domain.text());
  parts_.learner.forgot(domain);
  parts_.shadow.changed(domain);
  parts_.learner.restart(domain);
  if (known) parts_.log.info(LogLine("policy").with("domain", domain.text()).with("action", "purged"));
  return known;
}

std::size_t PolicyService::purge_all() {
  const std::size_t known = parts_.cache.census().entries;
  parts_.cache.clear();
  parts_.learner.forgot_all();
  parts_.shadow.forget_all();
  parts_.learner.restart_all();
  parts_.log.info(LogLine("policy").with("action", "purged_all").with("entries", known));
  return known;
}

}  // namespace tlspolicyd
