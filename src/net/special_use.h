// Addresses that no public policy host has: loopback, private, link-local and the other
// special-purpose blocks of IANA's registries (RFC 6890), also where an IPv4 address of
// that kind is carried inside an IPv6 one. Public addresses of the own network are like those of
// any other. Pure; no look at the local interfaces.
#pragma once

#include <string_view>

#include "base/ip_address.h"
#include "net/nat64.h"

namespace tlspolicyd {

// What the block is for, in words for people ("private, RFC 1918"); empty for an address
// of the public Internet.
// An address within one of `nat64` is judged by the IPv4 address that it leads to, also where the
// prefix is of a unique local block, as networks have it.
[[nodiscard]] std::string_view special_use(const IpAddress& address, const Nat64Prefixes& nat64 = {});

[[nodiscard]] inline bool is_special_use(const IpAddress& address, const Nat64Prefixes& nat64 = {}) {
  return !special_use(address, nat64).empty();
}

}  // namespace tlspolicyd
