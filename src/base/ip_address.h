// An IPv4 or IPv6 address as a value; no port, no scope, no I/O.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlspolicyd {

struct IpAddress {
  enum class Family : std::uint8_t { v4, v6 };
  Family family = Family::v4;
  std::array<std::uint8_t, 16> octets{};  // network order; IPv4 uses the first four

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Dotted decimal or RFC 4291 text, without brackets or scope.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

// Dotted decimal, or RFC 5952 text without brackets.
[[nodiscard]] std::string to_text(const IpAddress& address);

}  // namespace tlspolicyd
