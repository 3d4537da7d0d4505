// Whether the AD bit of a resolver means that the answer was validated (RFC 7672 section
// 2.1.1): the resolver must be trusted, and so must the way to it. Pure.
#pragma once

#include "base/resolver.h"

namespace tlspolicyd {

// TrustAd::loopback: the resolver is within 127.0.0.0/8, also IPv4-mapped, or is ::1. Not
// 127.0.0.11, where a container engine's forwarder listens, nor 127.0.0.54, where systemd-resolved
// does: they pass on whatever AD bit a server beyond this host has set.
[[nodiscard]] bool counts_ad(const Resolver& resolver, TrustAd trust);

}  // namespace tlspolicyd
