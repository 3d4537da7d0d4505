// Which of DANE and MTA-STS decides about a next hop (RFC 8461 section 2, RFC 7672). A
// reply to Postfix replaces its own level, so `secure` switches its DANE off: it must
// only be said where DANE has nothing to say. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tlspolicyd {

// The MX RRset of the next hop, every step of the owner's CNAME chain included.
enum class MxState : std::uint8_t {
  signed_records,    // AD on all that was used
  unsigned_records,  // at least one step was not signed
  failed,            // SERVFAIL, timeout, bogus
  null_mx,           // RFC 7505
  signed_denial,     // securely none: the domain itself is the host
  unsigned_denial,
};

// One host of it (RFC 7672 section 2.2).
enum class HostState : std::uint8_t {
  usable,    // secure TLSA records, at least one usable
  unusable,  // secure TLSA records, none usable: TLS is mandatory, not authenticated
  none,      // TLSA or address insecure or securely absent
  failed,    // address or TLSA look-up failed: the host is unreachable for DANE
};

struct DaneStatus {
  MxState mx = MxState::failed;
  std::vector<HostState> hosts;  // empty where the MX state leaves none to ask
};

enum class DaneVerdict : std::uint8_t { secure, notfound, dane, dane_only, temp };

[[nodiscard]] std::string_view name_of(DaneVerdict verdict);  // "dane-only"

struct PrecedenceOptions {
  DaneVerdict dane_reply = DaneVerdict::notfound;        // notfound, dane or dane_only
  DaneVerdict dane_mixed_reply = DaneVerdict::dane_only; // dane_only or dane
  DaneVerdict dns_error_reply = DaneVerdict::notfound;   // notfound or temp
};

/// What to answer where DANE precedence is active: the Postfix served is at level dane,
/// asks with DNSSEC, and the resolver validates.
///
/// `now`: the status as just looked up.
/// `before`: the last status whose MX look-up did not fail, if it is under a day old;
///   only asked where `now` failed.
/// `enforced`: an enforce policy is cached.
/// `secure` means the policy's own reply; it is only returned where `enforced`.
[[nodiscard]] DaneVerdict decide_precedence(const DaneStatus& now, const std::optional<DaneStatus>& before,
                                            bool enforced, const PrecedenceOptions& options);

}  // namespace tlspolicyd
