// DNS answers in words. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "dnsdata/dns_answer.h"
#include "explain/step.h"

namespace tlspolicyd {

// A and AAAA of the policy host. `usable`: those among them that may be connected to.
[[nodiscard]] Step address_step(const std::string& host, const DnsAnswer& a, const DnsAnswer& aaaa,
                                const std::vector<IpAddress>& usable);

// Any look-up that ended in DnsAnswer::failed(), under the name of the caller's step.
// `name`: what was asked, "" where the step says it already.
[[nodiscard]] Step dns_failure_step(std::string step, const std::string& name, RrType type, const DnsAnswer& answer);

// The resolver of this host failed for a name that has nothing to do with the domain.
[[nodiscard]] Step resolver_step(const DnsQuestion& asked, const DnsAnswer& answer);

// "TTL 300s, AD set": what a DNS answer says about itself, for details.
[[nodiscard]] std::string dns_facts(const DnsAnswer& answer);

}  // namespace tlspolicyd
