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
DaneVerdict at_most_dane(DaneVerdict reply) {
  return reply == DaneVerdict::dane_only ? DaneVerdict::dane : reply;
}

DaneVerdict without_dane(bool enforced) {
  return enforced ? DaneVerdict::secure : DaneVerdict::notfound;
}

// RFC 7672 section 2.2: the hosts of a signed MX RRset.
DaneVerdict decide_signed(const Hosts& hosts, bool enforced, const PrecedenceOptions& options) {
  if (!hosts.empty() && all(hosts, HostState::usable)) return options.dane_reply;
  if (holds(hosts, HostState::usable) || holds(hosts, HostState::failed))
    return enforced ? options.dane_mixed_reply : at_most_dane(options.dane_reply);
  if (!enforced && holds(hosts, HostState::unusable)) return at_most_dane(options.dane_reply);
  return without_dane(enforced);
}

bool dane_could_matter(const DaneStatus& status) {
  return names_hosts(status.mx) && !all(status.hosts, HostState::none);
}

// Whoever can break one answer must not switch the policy off, nor DANE.
DaneVerdict decide_failed(const DaneStatus* before, bool enforced, const PrecedenceOptions& options) {
  if (!enforced) return options.dns_error_reply;
  if (before == nullptr) return DaneVerdict::temp;
  return dane_could_matter(*before) ? DaneVerdict::dane_only : DaneVerdict::secure;
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

DaneVerdict decide_precedence(const DaneStatus& now, const DaneStatus* before, bool enforced,
                              const PrecedenceOptions& options) {
  switch (now.mx) {
    case MxState::signed_records:
    case MxState::signed_denial:
      return decide_signed(now.hosts, enforced, options);
    case MxState::unsigned_records:  // TLSA of a host that anybody could have named proves nothing
    case MxState::unsigned_denial:
    case MxState::null_mx:           // may be forged, too; Postfix bounces a true one itself
      return without_dane(enforced);
    case MxState::failed:
      return decide_failed(before, enforced, options);
  }
  return DaneVerdict::temp;
}

bool dane_matters(bool enforced, const PrecedenceOptions& options) {
  return enforced || options.dane_reply != DaneVerdict::notfound;
}

}  // namespace tlspolicyd
