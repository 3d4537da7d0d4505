// From the operator's configuration to the options of the parts. Pure.
#pragma once

#include <optional>

#include "cache/policy_cache.h"
#include "config/config.h"
#include "dane/precedence.h"
#include "dns/dns_client.h"
#include "fetch/https_client.h"
#include "learn/learner.h"
#include "answer/policy_service.h"
#include "postconf/postfix_setup.h"
#include "socketmap/socketmap_server.h"

namespace tlspolicyd {

[[nodiscard]] Learner::Options learner_options(const Config& config);

// What postfix_security_level and the resolver came to.
struct Serving {
  bool level_known = true;
  BaseLevel base_level = BaseLevel::unknown;
  bool dane_active = false;
  bool validates = false;
};
[[nodiscard]] PolicyService::Options service_options(const Config& config, const Serving& serving);
// Empty where it is auto: postconf is asked. A level of dane that the operator states means
// that Postfix asks with DNSSEC.
[[nodiscard]] std::optional<PostfixTls> fixed_level(const Config& config);
[[nodiscard]] PrecedenceOptions precedence_options(const Config& config);
// How many are asked; where resolv.conf names them, as many as is usual.
[[nodiscard]] std::size_t resolver_count(const Config& config);
[[nodiscard]] DnsClient::Options dns_options(const Config& config);
// For DANE and its canary: only resolvers whose AD counts, if there are any.
[[nodiscard]] DnsClient::Options dane_dns_options(const Config& config);
[[nodiscard]] HttpsOptions https_options(const Config& config, Logger& log);
[[nodiscard]] SocketmapServerOptions server_options(const Config& config);
[[nodiscard]] PolicyCache::Bounds cache_bounds(const Config& config);

}  // namespace tlspolicyd
