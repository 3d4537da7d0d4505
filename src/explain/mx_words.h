// The last words of a diagnosis: do the domain's mail servers fit its policy, and what
// comes of it all. Pure; the words for what comes before are in the other files here.
#pragma once

#include "dnsdata/dns_answer.h"
#include "postfix/entry_reply.h"
#include "explain/step.h"
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

// The same for `[domain]` as next hop, which is its own MX host.
[[nodiscard]] Step next_hop_step(const Domain& domain, const Policy& policy);

// Whether DANE goes before MTA-STS for the Postfix served. `ad`: of the canary's answer.
[[nodiscard]] Step precedence_step(const ReplyRules& rules, AdBit ad);

// `temporary`: another try may end otherwise. `verdict`: the word for the reply. `covered`: a mail
// server of the domain fits the policy.
[[nodiscard]] Step verdict_step(const Evidence& seen, bool temporary, std::string_view verdict, bool covered);

}  // namespace tlspolicyd
