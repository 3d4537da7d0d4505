// The keys that Postfix puts to smtp_tls_policy_maps. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sts/domain.h"

namespace tlspolicyd {

// The next hop as routed: `domain`, `host:port`, `[host]`, `[host]:port`. RFC 8461
// section 3.4: a smart host's own name is the policy domain.
struct NextHop {
  Domain domain;
  bool bracketed = false;             // then the host is its own MX: no MX look-up
  std::optional<std::uint16_t> port;  // as given; empty: 25

  friend bool operator==(const NextHop&, const NextHop&) = default;
};

// Fails for whatever has no policy: a leading dot (a probe for a parent domain), address
// literals, single labels, paths, malformed names. The answer is then NOTFOUND, at once.
// A port is a number from 1 to 65535 or a service name (letters, digits and '-'; "smtp"
// is 25, "submission" 587, "smtps" and "submissions" 465; another one leaves port empty).
[[nodiscard]] Result<NextHop> parse_next_hop(std::string_view key);

}  // namespace tlspolicyd
