#include "answer/policy_service.h"

#include <utility>

namespace tlspolicyd {
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

bool PolicyService::answers_nothing(const MapName& map) const {
  return level_known(map) && allows_no_reply(rules_for(map).level);
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

EntryReply PolicyService::reply_for(const Entry& entry, MapForm form) const {
  return entry_reply(entry, parts_.clock.life(), form, options_.rules);
}

void PolicyService::note_lookup(std::string_view key, std::string_view payload) const {
  if (options_.log_lookups) parts_.log.info(LogLine("lookup").with("key", key).with("reply", payload));
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

}  // namespace tlspolicyd
