// From the operator's configuration to the options of the parts. Pure.
#pragma once

#include <optional>

#include "cache/policy_cache.h"
#include "config/config.h"
#include "dane/precedence.h"
#include "net/dns_client.h"
#include "net/https_client.h"
#include "service/learner.h"
#include "service/policy_service.h"
#include "service/socketmap_server.h"

namespace tlspolicyd {

[[nodiscard]] Learner::Options learner_options(const Config& config);
// `base_level`: what postfix_security_level came to.
[[nodiscard]] PolicyService::Options service_options(const Config& config, BaseLevel base_level);
// Empty where it is auto: postconf is asked.
[[nodiscard]] std::optional<BaseLevel> fixed_base_level(const Config& config);
[[nodiscard]] PrecedenceOptions precedence_options(const Config& config);
[[nodiscard]] DnsClient::Options dns_options(const Config& config);
[[nodiscard]] HttpsOptions https_options(const Config& config, Logger& log);
[[nodiscard]] SocketmapServerOptions server_options(const Config& config);
[[nodiscard]] PolicyCache::Bounds cache_bounds(const Config& config);

}  // namespace tlspolicyd
