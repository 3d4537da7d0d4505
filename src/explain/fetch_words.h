// The policy fetch in words. Pure.
#pragma once

#include <optional>
#include <string>

#include "explain/step.h"
#include "fetch/https.h"

namespace tlspolicyd {

// What TLS showed, to be told before fetch_step(); empty unless the handshake ended well.
[[nodiscard]] std::optional<Step> tls_step(const FetchOutcome& outcome);
[[nodiscard]] Step fetch_step(const FetchOutcome& outcome, const std::string& host);

// Whether a failed fetch may well succeed next time though nobody mends anything: silence
// and trouble, not what the host answered.
[[nodiscard]] bool may_pass(const FetchOutcome& outcome);

}  // namespace tlspolicyd
