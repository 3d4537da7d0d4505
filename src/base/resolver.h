// Where a recursive name server listens. A value; no I/O.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace tlspolicyd {

struct Resolver {
  IpAddress address;
  std::uint16_t port = 53;
  std::string scope;  // interface name or number of a link-local IPv6 address, else ""

  friend auto operator<=>(const Resolver&, const Resolver&) = default;
};

// Whose AD bit counts: that of resolvers on this host, of each resolver, of none.
enum class TrustAd : std::uint8_t { loopback, always, never };

// One element of the parameter `resolver`: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1,
// [2001:db8::1]:5353; a link-local IPv6 address may carry %interface.
[[nodiscard]] Result<Resolver> parse_resolver(std::string_view text);

// As resolv.conf(5) writes it: an address without brackets and port.
[[nodiscard]] Result<Resolver> parse_nameserver(std::string_view text);

// "127.0.0.1:53", "[fe80::1%eth0]:53".
[[nodiscard]] std::string to_text(const Resolver& resolver);

}  // namespace tlspolicyd
