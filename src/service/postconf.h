// Runs postconf(1): no shell, a time limit, bounded output. Blocking: for a worker lane.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace tlspolicyd {

struct PostconfCall {
  std::string config_directory;      // for -c; empty: postconf's own default
  std::string program = "postconf";  // without '/': looked for in $PATH and where Postfix lives
  milliseconds limit{2000};          // then it is killed, with all it started
};

// What `postconf -hx smtp_tls_security_level smtp_dns_support_level` writes to stdout.
// Fails if it cannot be run, ends with an error, writes too much or takes too long.
[[nodiscard]] Result<std::string> run_postconf(const PostconfCall& call);

}  // namespace tlspolicyd
