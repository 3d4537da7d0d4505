// What a discovery saw, step by step, as `-q` and the debug log show it. Pure.
#pragma once

#include <vector>

#include "base/ip_address.h"
#include "discover/discovery.h"
#include "explain/step.h"

namespace tlspolicyd {

// In the order of execution. The last one is what failed, if anything did.
[[nodiscard]] std::vector<Step> explain(const Domain& domain, const DiscoveryReport& report);

// Writes the details of the evidence, which an entry keeps of a failure. Once for each report.
void explain_evidence(const Domain& domain, DiscoveryReport& report);

// The policy host's addresses could not be looked up, and none is there that may be connected to.
[[nodiscard]] bool addresses_failed(const DiscoveryReport& report);

// Of the policy host, in the order in which they are tried where all were there at once (RFC 8305 section 4).
[[nodiscard]] std::vector<IpAddress> addresses_of(const DiscoveryReport& report);

}  // namespace tlspolicyd
