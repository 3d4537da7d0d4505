// What the operator set, parsed: one member per parameter, whose meaning, default and
// limits stand in the table of params.cc. A value; nothing here does I/O. Folders below
// the daemon do not include this: the daemon fills their own Options from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/listen_address.h"
#include "base/log.h"
#include "base/resolver.h"
#include "dnsdata/dns_answer.h"

namespace tlspolicyd {

struct CacheChoice {
  std::string sqlite_path;  // empty: memory only

  friend bool operator==(const CacheChoice&, const CacheChoice&) = default;
};

enum class DaneReply { notfound, dane, dane_only };
enum class DaneMixedReply { dane_only, dane };
enum class DnsErrorReply { notfound, temp };

struct Config {
  std::vector<ListenAddress> listen;
  std::uint32_t socket_mode = 0;
  std::string socket_group;  // empty: the process's own
  std::uint32_t max_connections = 0;
  seconds reply_timeout{};
  std::string tlsrpt_map_name;  // empty: no name gets the attributes
  std::uint64_t max_reply_size = 0;
  std::vector<Resolver> resolver;  // empty: resolv.conf
  TrustAd resolver_trust_ad{};
  DnsQuestion dane_canary;  // what a validating resolver answers with AD
  seconds dns_timeout{};
  std::uint32_t dns_attempts = 0;
  std::string postfix_security_level;  // "auto" or a word of Postfix
  std::string postfix_config_directory;
  DaneReply dane_reply{};
  DaneMixedReply dane_mixed_reply{};
  DnsErrorReply dns_error_reply{};
  std::string ca_file;  // ca_file and ca_path both empty: the system's trust anchors,
  std::string ca_path;  // else only those named
  seconds fetch_timeout{};
  std::uint64_t fetch_max_size = 0;
  std::uint32_t fetch_concurrency = 0;
  std::uint32_t fetch_threads = 0;
  seconds fetch_backoff{};
  bool allow_private_addresses = false;
  CacheChoice cache;
  std::uint64_t cache_max_entries = 0;
  std::uint64_t cache_max_size = 0;
  std::uint64_t store_max_size = 0;
  seconds id_check_interval{};
  seconds refresh_interval{};
  seconds refresh_unused_after{};
  std::string control_socket;  // empty: none
  std::string user;            // empty: stay who we are
  std::string group;
  std::string pid_file;
  LogTarget log{};
  LogLevel log_level{};
  bool log_lookups = false;
};

}  // namespace tlspolicyd
