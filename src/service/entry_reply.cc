#include "service/entry_reply.h"

#include <algorithm>

#include "sts/decide.h"

namespace tlspolicyd {
namespace {

bool enforces(const HeldPolicy* applies) { return applies != nullptr && applies->policy.mode == Mode::enforce; }

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

bool dane_speaks(const HopDane* dane) {
  return dane != nullptr && std::any_of(dane->status.hosts.begin(), dane->status.hosts.end(),
                                        [](const DaneHost& host) { return host.state() != HostState::none; });
}

std::string_view verdict_of(std::string_view payload, bool dane_speaks) {
  if (begins(payload, "OK secure")) return "secure";
  if (begins(payload, "TEMP")) return "temp";
  return dane_speaks || begins(payload, "OK dane") ? "dane" : "none";
}

PlannedReply whole(std::string payload) { return {std::move(payload), ReplyShed::nothing}; }

// What DANE leaves to MTA-STS, or all of it.
PlannedReply plan_sts_reply(const Entry& entry, const HeldPolicy* applies, MapForm form, const ReplyRules& rules) {
  const bool temp = rules.precedence.dns_error_reply == DaneVerdict::temp;
  if (applies == nullptr && entry.txt_unknown && temp)
    return whole(temp_reply("MTA-STS record of " + entry.domain.text() + " cannot be looked up"));
  return plan_policy_reply(entry.domain, applies != nullptr ? &applies->policy : nullptr, form, rules.reply);
}

}  // namespace

DaneNeed dane_need(const Entry* entry, const HopDane* dane, LifeTime now, const ReplyRules& rules) {
  if (!rules.dane_active || !dane_matters(enforces(assess(entry, now).applies), rules.precedence))
    return DaneNeed::nothing;
  return assess_dane(dane, now);
}

PlannedReply plan_entry_reply(const Entry& entry, const HopDane* dane, LifeTime now, MapForm form,
                              const ReplyRules& rules) {
  // The operator demands more already than any answer could.
  if (rules.reply.base_level == BaseLevel::dane_only) return whole(std::string(kNotFound));
  const HeldPolicy* const applies = assess(&entry, now).applies;
  const bool enforced = enforces(applies);
  if (!rules.dane_active || !dane_matters(enforced, rules.precedence))
    return plan_sts_reply(entry, applies, form, rules);
  switch (const DaneVerdict verdict = decide_hop(dane, now, enforced, rules.precedence); verdict) {
    case DaneVerdict::secure:
      return plan_sts_reply(entry, applies, form, rules);
    case DaneVerdict::notfound:
      return enforced ? whole(std::string(kNotFound)) : plan_sts_reply(entry, applies, form, rules);
    case DaneVerdict::dane:
    case DaneVerdict::dane_only:  // without attributes: Postfix takes `match` at these levels for an error
      return whole("OK " + std::string(name_of(verdict)));
    case DaneVerdict::temp: break;
  }
  return whole(temp_reply("MX records of " + entry.domain.text() + " cannot be looked up"));
}

EntryReply entry_reply(const Entry& entry, LifeTime now, MapForm form, ReplyRules rules) {
  const HopDane* const dane = find_hop(entry.dane, {});
  rules.dane_active = rules.dane_active && dane_need(&entry, dane, now, rules) != DaneNeed::wait;
  std::string payload = plan_entry_reply(entry, dane, now, form, rules).payload;
  const std::string_view verdict = verdict_of(payload, rules.dane_active && dane_speaks(dane));
  return {std::move(payload), verdict};
}

}  // namespace tlspolicyd
