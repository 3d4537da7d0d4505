// Addresses that no public policy host has: loopback, private, link-local and the other
// special-purpose blocks of IANA's registries (RFC 6890), also where an IPv4 address of
// that kind is carried inside an IPv6 one. Pure; no look at the local interfaces.
#pragma once

#include <string_view>

#include "base/ip_address.h"

namespace tlspolicyd {

// What the block is for, in words for people ("private, RFC 1918"); empty for an address
// of the public Internet.
[[nodiscard]] std::string_view special_use(const IpAddress& address);

[[nodiscard]] inline bool is_special_use(const IpAddress& address) {
  return !special_use(address).empty();
}

}  // namespace tlspolicyd
