// Prefixes under which a network reaches IPv4 hosts by IPv6: found by what its resolver makes of
// ipv4only.arpa (RFC 7050), read as RFC 6052 section 2.2 lays them out. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace tlspolicyd {

inline constexpr const char* kNat64Name = "ipv4only.arpa";

struct Nat64Prefix {
  IpAddress first;
  int bits = 96;  // 32, 40, 48, 56, 64 or 96
  friend bool operator==(const Nat64Prefix&, const Nat64Prefix&) = default;
};
using Nat64Prefixes = std::vector<Nat64Prefix>;

[[nodiscard]] std::string to_text(const Nat64Prefix& prefix);  // "64:ff9b::/96"

// `addresses`: the AAAA records of ipv4only.arpa. Each prefix once, a few at most.
[[nodiscard]] Nat64Prefixes nat64_prefixes(const std::vector<IpAddress>& addresses);

// The IPv4 address that such a prefix leads to; nullopt where the address is not within it.
[[nodiscard]] std::optional<IpAddress> ipv4_behind(const IpAddress& address, const Nat64Prefix& prefix);

}  // namespace tlspolicyd
