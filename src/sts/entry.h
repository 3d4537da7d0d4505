// What is known about one policy domain. A value: the cache holds it, decide.h judges
// and changes it, the store keeps the part that must outlive the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dane/hop_dane.h"
#include "sts/domain.h"
#include "sts/policy.h"

namespace tlspolicyd {

// Result types of RFC 8460 section 4.3 that concern the policy.
enum class StsResult : std::uint8_t { sts_policy_fetch_error, sts_policy_invalid, sts_webpki_invalid };

[[nodiscard]] std::string_view name_of(StsResult result);  // "sts-policy-fetch-error"

// A document as it came over HTTPS. Its three parts change together or not at all
// (RFC 8461 sections 3.3 and 5.1), hence const where it is shared.
struct HeldPolicy {
  Policy policy;
  std::string id;    // read from TXT before the fetch began; "" if none was readable
  LifeTime fetched;  // the end of the fetch: the lifetime runs from here
  // The same by the wall clock, as the store had it; min(): fetched since the start. The wall
  // clock may have been wrong when the store was read.
  WallTime stored = WallTime::min();
};

// A GET that was made, for pacing the next one.
struct FetchMade {
  std::string id;  // the id it was made for; "" if none was readable
  LifeTime at;     // its end
  bool succeeded = false;
};
inline constexpr std::size_t kMaxFetchesKept = 8;  // ids can change once a minute, the back-off lasts 5

inline constexpr std::size_t kMaxFailureDetail = 400;  // octets: a line for a person

// An unbroken row of failures to learn the policy.
struct Failure {
  bool in_txt = false;  // TXT cannot be read while a policy is held; else the fetch fails
  StsResult result = StsResult::sts_policy_fetch_error;
  LifeTime since;
  std::uint32_t count = 0;
  std::string detail;  // of the last one, for people; may quote remote octets
};

struct Entry {
  Domain domain;
  std::shared_ptr<const HeldPolicy> held;  // null: a remembered absence
  bool txt_unknown = false;                // the last TXT look-up failed: not even the absence is certain
  LifeTime current_until{};                // up to and including then what TXT said is taken as current
  LifeTime checked{};                      // the end of the last discovery
  LifeTime last_asked{};                   // by Postfix
  LifeTime due = LifeTime::max();          // when the refresher must look at it: to refresh or to drop
  LifeTime warned = LifeTime::min();       // the last warning about a failed refresh
  // Those that brought no policy that is still held; newest last, at most kMaxFetchesKept.
  std::shared_ptr<const std::vector<FetchMade>> fetches;  // null: none
  std::shared_ptr<const Failure> failure;                 // null: the last discovery succeeded
  std::shared_ptr<const HopDanes> dane;                   // null: never looked up; lives apart from the policy
  // Of each of these, by its place there, a bit: it has answered a question since one was looked up.
  std::uint8_t dane_in_use = 0;
  static_assert(kMaxHops <= 8);
};

}  // namespace tlspolicyd
