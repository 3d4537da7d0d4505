#include "tlspolicyd/settings.h"

#include "config/params.h"

namespace tlspolicyd {
namespace {

DaneVerdict verdict_of(DaneReply reply) {
  switch (reply) {
    case DaneReply::notfound: return DaneVerdict::notfound;
    case DaneReply::dane: return DaneVerdict::dane;
    case DaneReply::dane_only: return DaneVerdict::dane_only;
  }
  return DaneVerdict::notfound;
}

}  // namespace

Learner::Options learner_options(const Config& config) {
  Learner::Options options;
  options.sts.id_check_interval = config.id_check_interval;
  options.sts.refresh_interval = config.refresh_interval;
  options.sts.refresh_unused_after = config.refresh_unused_after;
  options.sts.fetch_backoff = config.fetch_backoff;
  options.discovery.fetch_timeout = config.fetch_timeout;
  options.discovery.fetch_max_size = config.fetch_max_size;
  options.discovery.allow_private_addresses = config.allow_private_addresses;
  return options;
}

PolicyService::Options service_options(const Config& config, const Serving& serving) {
  PolicyService::Options options;
  options.level_known = serving.level_known;
  options.rules.level = serving.base_level;
  options.validates = serving.validates;
  options.rules.reply.max_reply_size = config.max_reply_size;
  options.rules.dane_active = serving.dane_active;
  options.rules.precedence = precedence_options(config);
  options.tlsrpt_map_name = config.tlsrpt_map_name;
  options.reply_timeout = config.reply_timeout;
  options.log_lookups = config.log_lookups;
  return options;
}

std::optional<PostfixTls> fixed_level(const Config& config) {
  const auto level =
      config.postfix_security_level == "auto" ? std::nullopt : parse_base_level(config.postfix_security_level);
  if (!level) return std::nullopt;
  return PostfixTls{*level, true};
}

PrecedenceOptions precedence_options(const Config& config) {
  const bool mixed_is_dane = config.dane_mixed_reply == DaneMixedReply::dane;
  const bool error_is_temp = config.dns_error_reply == DnsErrorReply::temp;
  return {.dane_reply = verdict_of(config.dane_reply),
          .dane_mixed_reply = mixed_is_dane ? DaneVerdict::dane : DaneVerdict::dane_only,
          .dns_error_reply = error_is_temp ? DaneVerdict::temp : DaneVerdict::notfound};
}

std::size_t resolver_count(const Config& config) {
  return config.resolver.empty() ? DnsHub::kResolversUsual : config.resolver.size();
}

DnsClient::Options dns_options(const Config& config) {
  DnsClient::Options options;
  options.resolvers = config.resolver;
  options.trust_ad = config.resolver_trust_ad;
  // What the operator left alone is for resolv.conf to say.
  const Config defaults = default_config();
  if (config.dns_timeout != defaults.dns_timeout) options.timeout = config.dns_timeout;
  if (config.dns_attempts != defaults.dns_attempts) options.attempts = static_cast<int>(config.dns_attempts);
  return options;
}

DnsClient::Options dane_dns_options(const Config& config) {
  DnsClient::Options options = dns_options(config);
  options.only_trusted = true;
  return options;
}

HttpsOptions https_options(const Config& config, Logger& log) {
  return {.ca_file = config.ca_file, .ca_path = config.ca_path, .threads = config.fetch_threads, .log = &log};
}

SocketmapServerOptions server_options(const Config& config) {
  SocketmapServerOptions options;
  options.max_connections = config.max_connections;
  return options;
}

PolicyCache::Bounds cache_bounds(const Config& config) {
  return {.max_entries = config.cache_max_entries, .max_octets = config.cache_max_size};
}

}  // namespace tlspolicyd
