// Words for what a DANE look-up saw: for the log and for `-q`. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "discover/dane_lookup.h"
#include "explain/step.h"

namespace tlspolicyd {

// One step about the MX RRset, then one a host.
[[nodiscard]] std::vector<Step> dane_steps(const Domain& domain, const HopKey& hop, const DaneReport& report);

// "dane: next_hop=d.example, mx=signed, hosts=3, usable=2, failed=1, reason=..."
[[nodiscard]] LogLine dane_line(const std::string& next_hop, const DaneReport& report);

}  // namespace tlspolicyd
