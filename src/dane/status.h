// What DNS says about DANE for one next hop (RFC 7672 section 2.2): the MX RRset and each
// host of it. A value; discover/dane_lookup finds it out, dane/precedence judges it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tlspolicyd {

// The MX RRset of the next hop, every step of the owner's CNAME chain included.
enum class MxState : std::uint8_t {
  signed_records,    // AD on all that was used; also `[host]`, whose name nobody can forge
  unsigned_records,  // at least one step was not signed
  failed,            // SERVFAIL, timeout, bogus
  null_mx,           // RFC 7505
  signed_denial,     // securely none: the domain itself is the host
  unsigned_denial,
};

[[nodiscard]] std::string_view name_of(MxState state);  // "signed", "none_unsigned"
[[nodiscard]] std::optional<MxState> parse_mx_state(std::string_view word);

// Whether the hosts are those that the owner of the domain named (RFC 7672 section 2.2.1):
// only then their TLSA records say anything about it.
[[nodiscard]] constexpr bool names_hosts(MxState state) {
  return state == MxState::signed_records || state == MxState::signed_denial;
}

// One host of it, as far as DANE goes.
enum class HostState : std::uint8_t {
  usable,    // secure TLSA records, at least one usable
  unusable,  // secure TLSA records, none usable: TLS is mandatory, not authenticated
  none,      // TLSA or address insecure or securely absent
  failed,    // address or TLSA look-up failed: the host is unreachable for DANE
};

[[nodiscard]] std::string_view name_of(HostState state);  // "usable"

// Why a host is in its state.
enum class HostFinding : std::uint8_t {
  tlsa_usable,
  tlsa_unusable,
  tlsa_absent,       // securely denied
  tlsa_insecure,     // there may be records, but anybody could have written them
  address_insecure,  // then TLSA is not asked (RFC 7672 section 2.2.2)
  address_absent,    // the host has no address: no mail can go there
  address_failed,
  alias_failed,  // whether the host is a signed alias cannot be told
  tlsa_failed,
  unanswered,  // not all answers are here yet
};
inline constexpr std::size_t kHostFindings = 10;

[[nodiscard]] HostState state_of(HostFinding finding);
[[nodiscard]] std::string_view name_of(HostFinding finding);  // "tlsa_usable"
[[nodiscard]] std::optional<HostFinding> parse_host_finding(std::string_view word);

inline constexpr seconds kDaneRemembered{86400};  // what a failed lookup hides is assumed unchanged for this long

struct DaneHost {
  std::string name;  // as in DnsQuestion
  HostFinding finding = HostFinding::unanswered;
  // Of a failed host: when its TLSA records were last usable. Empty: not in the last status before it failed.
  std::optional<LifeTime> last_usable;

  [[nodiscard]] HostState state() const { return state_of(finding); }
  // Whether DANE protects it: usable now, or failed and usable within kDaneRemembered. Otherwise an
  // attacker could switch DANE off by breaking one answer.
  [[nodiscard]] bool has_dane(LifeTime now) const;
  friend bool operator==(const DaneHost&, const DaneHost&) = default;
};

struct DaneStatus {
  MxState mx = MxState::failed;
  std::vector<DaneHost> hosts;  // by preference; empty where the MX state leaves none to ask

  friend bool operator==(const DaneStatus&, const DaneStatus&) = default;
};

inline constexpr std::size_t kMaxDaneHosts = 20;  // asked, by preference: more are an attack, not a mail system

}  // namespace tlspolicyd
