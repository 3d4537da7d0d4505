#include "postfix/entry_reply.h"

#include <algorithm>
#include <optional>
#include <utility>

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

ReplyLoss append_whole(std::string& out, std::string_view payload) {
  out += payload;
  return {};
}

AllowsHost allowed_by(const HeldPolicy* enforced) {
  if (enforced == nullptr) return nullptr;
  return [enforced](std::string_view host) { return enforced->policy.mx.allow(host); };
}

// What DANE leaves to MTA-STS, or all of it.
ReplyLoss append_sts_reply(std::string& out, const Entry& entry, const HeldPolicy* applies, MapForm form,
                           const ReplyRules& rules) {
  const bool temp = rules.precedence.dns_error_reply == DaneVerdict::temp;
  if (applies == nullptr && entry.txt_unknown && temp)
    return append_whole(out, temp_reply("MTA-STS record of " + entry.domain.text() + " cannot be looked up"));
  return {append_policy_reply(out, entry.domain, applies != nullptr ? &applies->policy : nullptr, form, rules.reply),
          {}};
}

// The policy's reply, or one for some of its hosts.
ReplyLoss append_secure(std::string& out, const Entry& entry, const HeldPolicy* applies, DaneDecision decision,
                        MapForm form, const ReplyRules& rules) {
  if (decision.hosts.empty()) return append_sts_reply(out, entry, applies, form, rules);
  Policy policy = applies->policy;
  policy.mx = MxPatterns();
  for (const std::string& host : decision.hosts) static_cast<void>(policy.mx.add(host));
  return {append_policy_reply(out, entry.domain, &policy, form, rules.reply), std::move(decision.left_out)};
}

}  // namespace

HopKey hop_of(const NextHop& next_hop) { return {next_hop.bracketed, next_hop.port.value_or(HopKey{}.port)}; }

const HopDane* dane_of(const Entry* entry, const HopKey& hop) {
  return entry != nullptr ? find_hop(entry->dane, hop) : nullptr;
}

DaneNeed dane_need(const Entry* entry, const HopDane* dane, LifeTime now, const ReplyRules& rules) {
  const bool enforced = enforces(assess(entry, now).applies);
  if (!rules.dane_active || !dane_matters(enforced, rules.precedence)) return DaneNeed::nothing;
  return assess_dane(dane, now, enforced);
}

ReplyLoss append_entry_reply(std::string& out, const Entry& entry, const HopDane* dane, LifeTime now, MapForm form,
                             const ReplyRules& rules) {
  if (allows_no_reply(rules.level)) return append_whole(out, kNotFound);
  const HeldPolicy* const applies = assess(&entry, now).applies;
  const bool enforced = enforces(applies);
  if (!rules.dane_active || !dane_matters(enforced, rules.precedence))
    return append_sts_reply(out, entry, applies, form, rules);
  DaneDecision decision = decide_hop(dane, now, allowed_by(enforced ? applies : nullptr), rules.precedence);
  switch (decision.verdict) {
    case DaneVerdict::secure: return append_secure(out, entry, applies, std::move(decision), form, rules);
    case DaneVerdict::notfound:
      return enforced ? append_whole(out, kNotFound) : append_sts_reply(out, entry, applies, form, rules);
    case DaneVerdict::dane:
    case DaneVerdict::dane_only:  // without attributes: Postfix takes `match` at these levels for an error
      out.append("OK ").append(name_of(decision.verdict));
      return {};
    case DaneVerdict::temp: break;
  }
  return append_whole(out, temp_reply("MX records of " + entry.domain.text() + " cannot be looked up"));
}

EntryReply entry_reply(const Entry& entry, LifeTime now, MapForm form, ReplyRules rules, const HopKey& hop) {
  const HopDane* dane = find_hop(entry.dane, hop);
  std::optional<HopDane> again;
  if (dane != nullptr && is_remembered(*dane, now)) {
    again = *dane;
    again->current_until = std::max(again->current_until, now);
    dane = &*again;
  }
  rules.dane_active = rules.dane_active && dane_need(&entry, dane, now, rules) != DaneNeed::wait;
  std::string payload;
  append_entry_reply(payload, entry, dane, now, form, rules);
  const std::string_view verdict = verdict_of(payload, rules.dane_active && dane_speaks(dane));
  return {std::move(payload), verdict};
}

}  // namespace tlspolicyd
