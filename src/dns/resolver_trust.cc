#include "dns/resolver_trust.h"

#include <algorithm>
#include <array>

namespace tlspolicyd {
namespace {

using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

constexpr V6 kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
// A container engine's forwarder; systemd-resolved where it only passes on.
constexpr std::array<V4, 2> kForwarders{V4{127, 0, 0, 11}, V4{127, 0, 0, 54}};

bool is_local(const std::uint8_t* v4) {
  return v4[0] == 127 && std::none_of(kForwarders.begin(), kForwarders.end(),
                                      [v4](const V4& each) { return std::equal(each.begin(), each.end(), v4); });
}

bool is_local(const IpAddress& address) {
  const V6& octets = address.octets;
  if (address.family == IpAddress::Family::v4) return is_local(octets.data());
  if (std::equal(kMapped.begin(), kMapped.end(), octets.begin())) return is_local(octets.data() + kMapped.size());
  return octets == kLoopback6;
}

}  // namespace

bool counts_ad(const Resolver& resolver, TrustAd trust) {
  switch (trust) {
    case TrustAd::loopback: return is_local(resolver.address);
    case TrustAd::always: return true;
    case TrustAd::never: return false;
  }
  return false;
}

}  // namespace tlspolicyd
