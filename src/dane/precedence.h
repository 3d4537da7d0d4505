// Which of DANE and MTA-STS decides about a next hop (RFC 8461 section 2, RFC 7672). A
// reply to Postfix replaces its own level, so `secure` switches its DANE off: it must
// only be said where DANE has nothing to say. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dane/status.h"

namespace tlspolicyd {

enum class DaneVerdict : std::uint8_t { secure, notfound, dane, dane_only, temp };

[[nodiscard]] std::string_view name_of(DaneVerdict verdict);  // "dane-only"

struct PrecedenceOptions {
  DaneVerdict dane_reply = DaneVerdict::notfound;         // notfound, dane or dane_only
  DaneVerdict dane_mixed_reply = DaneVerdict::dane_only;  // dane_only or dane
  DaneVerdict dns_error_reply = DaneVerdict::notfound;    // notfound or temp

  friend bool operator==(const PrecedenceOptions&, const PrecedenceOptions&) = default;
};

// Whether the enforced policy allows an MX host of this name. Empty: no policy is enforced.
using AllowsHost = std::function<bool(std::string_view host)>;

struct DaneDecision {
  DaneVerdict verdict = DaneVerdict::temp;
  // With `secure`, where a host has failed: the hosts whose names a certificate may have, each allowed by
  // the policy, and the failed ones. Both empty: the policy's own patterns hold.
  std::vector<std::string> hosts, left_out;
};

/// What to answer where DANE precedence is active: the Postfix served is at level dane,
/// asks with DNSSEC, and the resolver validates.
///
/// `status`: as just looked up.
/// `before`: the last status whose MX look-up did not fail, if it is under a day old, or
///   null; only asked where `status` failed.
/// `secure` means the policy's own reply; it is only returned where `enforced` is not empty, and
/// never where a host has_dane().
[[nodiscard]] DaneDecision decide_precedence(const DaneStatus& status, const DaneStatus* before,
                                             const AllowsHost& enforced, const PrecedenceOptions& options,
                                             LifeTime now);

/// Whether the status can change the answer at all: where it cannot, it is not looked up.
/// Postfix's own DANE decides where nothing is enforced and `dane_reply` leaves it so.
[[nodiscard]] bool dane_matters(bool enforced, const PrecedenceOptions& options);

}  // namespace tlspolicyd
