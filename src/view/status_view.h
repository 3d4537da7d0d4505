// What a running daemon says about itself. A value; the daemon fills it, `--status`
// reads it back from JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"

namespace tlspolicyd {

// A map name that Postfix asks under.
struct MapNameView {
  std::string name;   // printable
  std::string level;  // of the client: named, or else postfix_security_level
  std::uint64_t lookups = 0;
  bool dane_active = false;
  std::string error;  // what is wrong with the name; empty: nothing

  friend bool operator==(const MapNameView&, const MapNameView&) = default;
};

struct StatusView {
  using Counts = Metrics::Family;  // by word of ours

  std::string version;
  WallTime started{};
  seconds uptime{0};
  std::int64_t pid = 0;
  std::vector<std::string> listen;
  std::string postfix_security_level;  // as configured or as found: "dane", "unknown"
  bool dane_active = false;            // at that level
  std::vector<MapNameView> maps;
  std::vector<std::string> resolver_addresses;
  bool resolver_validates = false;
  std::uint64_t cache_entries = 0, cache_bytes = 0;
  Counts cache_by_mode;
  std::uint64_t connections = 0;  // open now
  Counts lookups;                 // by result
  Counts fetches;                 // by RFC 8460 result, "ok" for a policy
  std::uint64_t refresh_due = 0, refresh_failing = 0;
  std::string store_state;  // as StoreShadow::state() has it
  std::uint64_t store_pending = 0;
  std::map<std::string, Counts, std::less<>> counters;  // all of base/metrics, by family

  friend bool operator==(const StatusView&, const StatusView&) = default;
};

}  // namespace tlspolicyd
