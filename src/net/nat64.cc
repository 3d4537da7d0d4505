#include "net/nat64.h"

#include <algorithm>
#include <array>

namespace tlspolicyd {
namespace {

constexpr std::array kLengths{96, 64, 56, 48, 40, 32};  // RFC 6052 section 2.2
constexpr std::size_t kReserved = 8;                    // the octet that is always zero, but for /96
// What ipv4only.arpa has by A: RFC 7050 section 8.2.
constexpr std::array<std::uint8_t, 3> kWellKnown{192, 0, 0};
constexpr std::uint8_t kFirstHost = 170, kLastHost = 171;
// A network has one or two; more come of an answer that means mischief.
constexpr std::size_t kMostPrefixes = 8;

IpAddress embedded(const IpAddress& address, int bits) {
  IpAddress inner{.family = IpAddress::Family::v4, .octets = {}};
  auto at = static_cast<std::size_t>(bits) / 8;
  for (std::size_t i = 0; i < 4; ++i, ++at) {
    if (at == kReserved && bits != 96) ++at;
    inner.octets[i] = address.octets[at];
  }
  return inner;
}

IpAddress cut(IpAddress address, int bits) {
  std::fill(address.octets.begin() + bits / 8, address.octets.end(), std::uint8_t{0});
  return address;
}

bool is_well_known(const IpAddress& inner) {
  return std::equal(kWellKnown.begin(), kWellKnown.end(), inner.octets.begin()) &&
         (inner.octets[3] == kFirstHost || inner.octets[3] == kLastHost);
}

}  // namespace

std::string to_text(const Nat64Prefix& prefix) { return to_text(prefix.first) + "/" + std::to_string(prefix.bits); }

Nat64Prefixes nat64_prefixes(const std::vector<IpAddress>& addresses) {
  Nat64Prefixes found;
  for (const IpAddress& address : addresses) {
    if (address.family != IpAddress::Family::v6) continue;
    for (const int bits : kLengths) {
      const Nat64Prefix prefix{cut(address, bits), bits};
      const bool fits = is_well_known(embedded(address, bits)) && (bits == 96 || address.octets[kReserved] == 0);
      const bool fresh = std::find(found.begin(), found.end(), prefix) == found.end();
      if (fits && fresh && found.size() < kMostPrefixes) found.push_back(prefix);
    }
  }
  return found;
}

std::optional<IpAddress> ipv4_behind(const IpAddress& address, const Nat64Prefix& prefix) {
  if (address.family != IpAddress::Family::v6 || cut(address, prefix.bits) != prefix.first) return std::nullopt;
  return embedded(address, prefix.bits);
}

}  // namespace tlspolicyd
