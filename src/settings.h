// From the operator's configuration to the options of the parts. Pure.
#pragma once

#include "cache/policy_cache.h"
#include "config/config.h"
#include "net/dns_client.h"
#include "net/https_client.h"
#include "service/learner.h"
#include "service/policy_service.h"

namespace tlspolicyd {

[[nodiscard]] Learner::Options learner_options(const Config& config);
// `base_level`: what postfix_security_level came to.
[[nodiscard]] PolicyService::Options service_options(const Config& config, BaseLevel base_level);
[[nodiscard]] PolicyCache::Bounds cache_bounds(const Config& config);

}  // namespace tlspolicyd
