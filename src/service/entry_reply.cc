#include "service/entry_reply.h"

#include "sts/decide.h"

namespace tlspolicyd {
namespace {

bool enforces(const HeldPolicy* applies) { return applies != nullptr && applies->policy.mode == Mode::enforce; }

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

std::string entry_reply(const Entry& entry, LifeTime now, MapForm form, const ReplyRules& rules) {
  return plan_entry_reply(entry, find_hop(entry.dane, {}), now, form, rules).payload;
}

}  // namespace tlspolicyd
