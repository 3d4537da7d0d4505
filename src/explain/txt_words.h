// The TXT record of MTA-STS, in words. Pure.
#pragma once

#include <string>

#include "dnsdata/dns_answer.h"
#include "explain/step.h"
#include "sts/decide.h"

namespace tlspolicyd {

// TXT at `_mta-sts.<domain>`: the answer as it came, and what the grammar made of it. `flaw`: where there is no id.
[[nodiscard]] Step txt_step(const DnsAnswer& answer, const TxtSeen& seen, const std::string& flaw);

}  // namespace tlspolicyd
