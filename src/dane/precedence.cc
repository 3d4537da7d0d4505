#include "dane/precedence.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

using Hosts = std::vector<DaneHost>;

bool holds(const Hosts& hosts, HostState state) {
  return std::any_of(hosts.begin(), hosts.end(), [=](const DaneHost& host) { return host.state() == state; });
}

bool all(const Hosts& hosts, HostState state) {
  return std::all_of(hosts.begin(), hosts.end(), [=](const DaneHost& host) { return host.state() == state; });
}

// dane-only would make hosts without usable records unreachable, which nobody asked for
// where no policy demands more than DANE gives.
DaneVerdict at_most_dane(DaneVerdict reply) { return reply == DaneVerdict::dane_only ? DaneVerdict::dane : reply; }

DaneDecision without_dane(bool enforced) { return {enforced ? DaneVerdict::secure : DaneVerdict::notfound, {}, {}}; }

// A host that can take mail and whose TLSA records demand nothing.
bool is_healthy(const DaneHost& host) {
  const HostState state = host.state();
  return (state == HostState::none && host.finding != HostFinding::address_absent) || state == HostState::unusable;
}

// RFC 7672 section 2.1.2: a failed host must not get mail, and must not stop mail to the others. Only a
// name in `hosts` counts in a certificate, so the failed one cannot pass for them unless it has theirs.
DaneDecision secure_without_failed(const Hosts& hosts, const AllowsHost& allows, DaneVerdict otherwise) {
  DaneDecision decision{DaneVerdict::secure, {}, {}};
  for (const DaneHost& host : hosts) {
    if (host.state() == HostState::failed) decision.left_out.push_back(host.name);
    else if (is_healthy(host) && allows(host.name)) decision.hosts.push_back(host.name);
  }
  if (decision.hosts.empty()) return {otherwise, {}, {}};
  return decision;
}

DaneDecision decide_enforced(const Hosts& hosts, const AllowsHost& allows, const PrecedenceOptions& options,
                             LifeTime now) {
  if (!hosts.empty() && all(hosts, HostState::usable)) return {options.dane_reply, {}, {}};
  if (std::any_of(hosts.begin(), hosts.end(), [=](const DaneHost& host) { return host.has_dane(now); }))
    return {options.dane_mixed_reply, {}, {}};
  if (!holds(hosts, HostState::failed)) return without_dane(true);
  return secure_without_failed(hosts, allows, options.dane_mixed_reply);
}

DaneVerdict decide_free(const Hosts& hosts, const PrecedenceOptions& options) {
  if (all(hosts, HostState::none)) return DaneVerdict::notfound;
  return all(hosts, HostState::usable) ? options.dane_reply : at_most_dane(options.dane_reply);
}

// `status`: its MX look-up did not fail. RFC 7672 section 2.2.
DaneDecision decide_seen(const DaneStatus& status, const AllowsHost& enforced, const PrecedenceOptions& options,
                         LifeTime now) {
  // TLSA of a host that anybody could have named proves nothing. A null MX may be forged, too; Postfix
  // bounces a true one itself.
  if (!names_hosts(status.mx)) return without_dane(enforced != nullptr);
  if (enforced) return decide_enforced(status.hosts, enforced, options, now);
  return {decide_free(status.hosts, options), {}, {}};
}

// Whoever can break one answer must not switch the policy off, nor DANE.
DaneDecision decide_failed(const DaneStatus* before, const AllowsHost& enforced, const PrecedenceOptions& options,
                           LifeTime now) {
  if (!enforced) return {options.dns_error_reply, {}, {}};
  if (before == nullptr || before->mx == MxState::failed) return {DaneVerdict::temp, {}, {}};
  DaneDecision last = decide_seen(*before, enforced, options, now);
  return last.verdict == DaneVerdict::secure ? last : DaneDecision{DaneVerdict::dane_only, {}, {}};
}

}  // namespace

std::string_view name_of(DaneVerdict verdict) {
  switch (verdict) {
    case DaneVerdict::secure: return "secure";
    case DaneVerdict::notfound: return "notfound";
    case DaneVerdict::dane: return "dane";
    case DaneVerdict::dane_only: return "dane-only";
    case DaneVerdict::temp: return "temp";
  }
  return "?";
}

DaneDecision decide_precedence(const DaneStatus& status, const DaneStatus* before, const AllowsHost& enforced,
                               const PrecedenceOptions& options, LifeTime now) {
  if (status.mx == MxState::failed) return decide_failed(before, enforced, options, now);
  return decide_seen(status, enforced, options, now);
}

bool dane_matters(bool enforced, const PrecedenceOptions& options) {
  return enforced || options.dane_reply != DaneVerdict::notfound;
}

}  // namespace tlspolicyd
