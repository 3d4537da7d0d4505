// Words for what a discovery sees: whatever a postmaster would mend in a different way
// has its own result word, RFC section and cure. Pure values to values; Discovery makes
// its steps with these, so the log and `-q` say the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "dnsdata/dns_answer.h"
#include "fetch/https.h"
#include "explain/step.h"
#include "sts/decide.h"
#include "sts/policy.h"

namespace tlspolicyd {

// TXT at `_mta-sts.<domain>`: the answer as it came, and what the grammar made of it. `flaw`: where there is no id.
[[nodiscard]] Step txt_step(const DnsAnswer& answer, const TxtSeen& seen, const std::string& flaw);

// A and AAAA of the policy host. `usable`: those among them that may be connected to.
[[nodiscard]] Step address_step(const std::string& host, const DnsAnswer& a, const DnsAnswer& aaaa,
                                const std::vector<IpAddress>& usable);

// What TLS showed, to be told before fetch_step(); empty unless the handshake ended well.
[[nodiscard]] std::optional<Step> tls_step(const FetchOutcome& outcome);
[[nodiscard]] Step fetch_step(const FetchOutcome& outcome, const std::string& host);

// A document that is no policy, and one that is; `notes` as PolicyReading has them.
[[nodiscard]] Step policy_step(const PolicyFault& fault);
[[nodiscard]] Step policy_step(const Policy& policy, const std::vector<std::string>& notes);

// Any look-up that ended in DnsAnswer::failed(), under the name of the caller's step.
// `name`: what was asked, "" where the step says it already.
[[nodiscard]] Step dns_failure_step(std::string step, const std::string& name, RrType type, const DnsAnswer& answer);

// The resolver of this host failed for a name that has nothing to do with the domain.
[[nodiscard]] Step resolver_step(const DnsQuestion& asked, const DnsAnswer& answer);

// "TTL 300s, AD set": what a DNS answer says about itself, for details.
[[nodiscard]] std::string dns_facts(const DnsAnswer& answer);

// Whether a failed fetch may well succeed next time though nobody mends anything: silence
// and trouble, not what the host answered.
[[nodiscard]] bool may_pass(const FetchOutcome& outcome);

}  // namespace tlspolicyd
