#include "service/policy_service.h"

#include <utility>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kPlainMapName = "QUERY";  // as in our examples for main.cf

}  // namespace

PolicyService::PolicyService(Parts parts, Options options)
    : parts_(parts), options_(std::move(options)), notes_(parts_.log, parts_.clock),
      reply_timer_(parts_.timers.make([this] { on_reply_timeout(); })),
      advance_timer_(parts_.timers.make([this] { advance_some(); })) {}

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
  if (need == Need::discover && parts_.learner.store_pending(domain)) {
    const std::string payload = store_untold(domain);
    note_lookup(question.key, payload);
    out += payload;
    return true;
  }
  const HopKey hop = hop_of(*next_hop);
  const HopDane* const dane = dane_of(entry, hop);
  const DaneNeed dane_wanted = dane_need(entry, dane, now, options_.rules);
  if (dane_wanted == DaneNeed::wait && parts_.dane.has_room_for(domain, hop)) return false;
  if (need == Need::discover || dane_wanted == DaneNeed::wait) parts_.metrics.add("first_contact", "overloaded");
  const std::size_t begin = out.size();
  append_reply(out, domain, entry, dane, form_of(question.map_name), now);
  if (entry != nullptr) parts_.cache.touch(*entry, now);
  learn_again(*next_hop, need, dane_wanted);
  note_lookup(question.key, std::string_view(out).substr(begin));
  return true;
}

// So many wait for the store that this one cannot.
std::string PolicyService::store_untold(const Domain& domain) {
  parts_.metrics.add("first_contact", "overloaded");
  return temp_reply("the store has not told yet what it holds of " + domain.text());
}

MapForm PolicyService::form_of(std::string_view map_name) {
  if (equals_ignoring_case(map_name, options_.tlsrpt_map_name)) return MapForm::tlsrpt;
  if (!equals_ignoring_case(map_name, kPlainMapName)) notes_.on_unknown_map(map_name);
  return MapForm::plain;
}

void PolicyService::append_reply(std::string& out, const Domain& domain, const Entry* entry, const HopDane* dane,
                                 MapForm form, LifeTime now) {
  const ReplyRules& rules = options_.rules;
  const ReplyLoss loss = entry != nullptr ? append_entry_reply(out, *entry, dane, now, form, rules)
                                          : append_entry_reply(out, Entry{.domain = domain}, dane, now, form, rules);
  notes_.on_shed(domain, loss.shed);
  notes_.on_left_out(domain, dane, loss.left_out);
}

std::string PolicyService::reply_to(const Domain& domain, const Entry* entry, const HopDane* dane, MapForm form,
                                    LifeTime now) {
  std::string payload;
  append_reply(payload, domain, entry, dane, form, now);
  return payload;
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
  const std::size_t known = parts_.cache.census().entries;
  parts_.elsewhere.post([gone = parts_.cache.clear()] {});
  parts_.learner.forgot_all();
  parts_.shadow.forget_all();
  parts_.learner.restart_all();
  parts_.dane.restart_all();
  parts_.log.info(LogLine("policy").with("action", "purged_all").with("entries", known));
  return known;
}

}  // namespace tlspolicyd
