// Asks postconf(1) what Postfix is set to. Blocking: for a worker lane.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace tlspolicyd {

struct PostconfCall {
  std::string config_directory;      // for -c; empty: postconf's own default
  std::string program = "postconf";  // without '/': looked for in $PATH and where Postfix lives
  milliseconds limit{10'000};        // Postfix itself waits two seconds for a main.cf that was just changed
};

// What postconf wrote, or why there is none of it.
struct PostconfAnswers {
  Result<std::string> level;       // -hx smtp_tls_security_level smtp_dns_support_level: two lines
  Result<std::string> settings;    // -x: what else main.cf says about TLS clients, "name = value"
  Result<std::string> transports;  // -Px: the same of master.cf, "service/type/name = value"
};

inline constexpr std::size_t kMaxLevelText = 4096, kMaxSettingsText = 16'384, kMaxTransportsText = 32'768;

// All three at the same time.
[[nodiscard]] PostconfAnswers run_postconf(const PostconfCall& call);
[[nodiscard]] PostconfAnswers no_answers(const std::string& reason);

}  // namespace tlspolicyd
