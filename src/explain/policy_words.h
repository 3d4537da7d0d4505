// The policy document in words. Pure.
#pragma once

#include <string>
#include <vector>

#include "explain/step.h"
#include "sts/policy.h"

namespace tlspolicyd {

// A document that is no policy, and one that is; `notes` as PolicyReading has them.
[[nodiscard]] Step policy_step(const PolicyFault& fault);
[[nodiscard]] Step policy_step(const Policy& policy, const std::vector<std::string>& notes);

}  // namespace tlspolicyd
