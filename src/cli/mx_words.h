// The last words of a diagnosis: do the domain's mail servers fit its policy, and what
// comes of it all. Pure; the words for what comes before are in service/fault_words.h.
#pragma once

#include "dnsdata/dns_answer.h"
#include "service/entry_reply.h"
#include "service/step.h"
#include "sts/decide.h"
#include "sts/domain.h"
#include "sts/policy.h"

namespace tlspolicyd {

// What DNS says about where mail for a domain goes.
struct MailHosts {
  DnsAnswer mx;
  DnsAnswer a, aaaa;  // of the domain itself; asked only where there is no MX

  // Without an answer to what was asked one cannot tell.
  [[nodiscard]] bool unknown() const;
};

// RFC 8461 section 4.1: each MX host name against the patterns. Without MX records the
// domain is its own mail server (RFC 5321 section 5.1); a null MX takes no mail (RFC 7505).
[[nodiscard]] Step mx_step(const Domain& domain, const MailHosts& hosts, const Policy& policy);

// Whether DANE goes before MTA-STS for the Postfix served. `blind`: the resolver does not
// validate.
[[nodiscard]] Step precedence_step(const ReplyRules& rules, bool blind);

// `temporary`: another try may end otherwise. `verdict`: the word for the reply. `mx`: the result of
// mx_step(), "" where there was none.
[[nodiscard]] Step verdict_step(const Evidence& seen, bool temporary, std::string_view verdict, std::string_view mx);

// Where the resolver of this host answers not even `question`, whose answer any resolver has: then
// nothing was learned about the domain.
[[nodiscard]] Step resolver_step(const DnsQuestion& question, const DnsAnswer& answer);

}  // namespace tlspolicyd
