// The rules of RFC 8461 over time: what applies now, what must be learned, and what
// a discovery changes. Pure functions of values; the service carries them out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sts/entry.h"
#include "sts/txt_record.h"

namespace tlspolicyd {

struct StsOptions {
  seconds id_check_interval{3600};        // upper bound on how long a TXT answer is current
  seconds refresh_interval{86400};        // between background refreshes of one policy
  seconds refresh_unused_after{2592000};  // nobody asked for so long: left to expire
  seconds fetch_backoff{300};             // after a failed GET of the same id
};

inline constexpr seconds kMinTxtCurrent{60};      // a smaller TTL counts as this
inline constexpr seconds kMaxFailureCurrent{60};  // DNS errors are remembered no longer
inline constexpr seconds kSameIdPause{60};        // between GETs of one id, even successful ones
inline constexpr seconds kUnmadeCurrent{60};      // until a GET for which there was no room is tried again

// RFC 8461 section 3.2: the lifetime runs from the last successful fetch, inclusive.
[[nodiscard]] bool usable(const HeldPolicy& held, LifeTime now);

// What a question about a domain needs. Section 5.1.
enum class Need : std::uint8_t {
  nothing,   // what is known is current
  recheck,   // a policy applies, but TXT must be read again: in the background
  discover,  // nothing applies and nothing is known: the asker waits
};
struct Assessment {
  const HeldPolicy* applies = nullptr;  // usable policy of any mode, owned by the entry
  Need need = Need::discover;
};
[[nodiscard]] Assessment assess(const Entry* entry, LifeTime now);

// Whether a GET for `id` may begin: section 3.3 (five minutes after a failure of the
// same id) and a minute between any two of the same id.
[[nodiscard]] bool may_fetch(const Entry* entry, std::string_view id, LifeTime now, const StsOptions& options);

// What one discovery saw.
struct TxtSeen {
  enum class State : std::uint8_t { id, absent, several, malformed, lookup_failed };
  State state = State::lookup_failed;
  std::string id;      // iff state is id
  seconds ttl{0};      // positive or negative TTL of the answer; 0 where there is none
  std::string detail;  // for people
};
struct FetchSeen {
  enum class State : std::uint8_t {
    not_needed,  // no valid TXT, or its id is the one of the cached policy
    paced,       // a GET would have come too soon
    fetched,     // a valid document
    failed,      // no document, or not a policy
  };
  State state = State::not_needed;
  std::optional<Policy> policy;                          // iff fetched
  StsResult result = StsResult::sts_policy_fetch_error;  // iff failed
  std::string detail;                                    // for people
  bool made = true;                                      // false: failed without a GET, for there was no room in time
};
struct Evidence {
  TxtSeen txt;
  FetchSeen fetch;
};

// Whether a discovery must GET the document now: a valid id that differs from the one
// of the usable policy (sections 3.1, 5.1), or a refresh, which asks HTTPS whatever TXT
// says as long as a usable policy is held (section 10.2).
enum class Purpose : std::uint8_t { question, refresh };
[[nodiscard]] bool wants_fetch(const Entry* entry, Purpose purpose, const TxtSeen& txt, LifeTime now);

// The id that a fetch is made for, and stored with it (section 8.1: the one read before
// the fetch); a refresh without readable TXT goes on under the id of the held policy.
[[nodiscard]] std::string id_to_fetch(const Entry* entry, const TxtSeen& txt);

// The entry after the discovery. Nothing but a fetched document replaces a usable
// policy; a failed or missing one never shortens or prolongs it (sections 3.3, 5.1).
// `before` null: nothing was known. `spread`: -1 to 1, jitter of the next refresh.
[[nodiscard]] Entry settle(const Entry* before, const Domain& domain, const Evidence& seen, LifeTime now,
                           const StsOptions& options, double spread);

// The entry once its policy has run out: nothing applies, and the next question finds
// out afresh. What was fetched when stays known, so that the pacing holds.
[[nodiscard]] Entry lapsed(const Entry& entry);

}  // namespace tlspolicyd
