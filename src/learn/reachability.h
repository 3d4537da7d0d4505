// Notices that this host connects to no policy host at all, which the domains cannot mend: blocked
// outgoing port 443 looks in each fetch like a policy host that is down. Answer loop only.
#pragma once

#include <set>

#include "base/clock.h"
#include "base/log.h"
#include "fetch/https.h"
#include "fetch/fair_line.h"

namespace tlspolicyd {

class Reachability {
 public:
  explicit Reachability(Logger& log) : log_(log) {}

  void saw(const FetchOutcome& outcome, LifeTime now);

 private:
  void connected();
  void failed(const IpAddress& address, const std::string& why, LifeTime now);

  Logger& log_;
  std::set<Network> failed_;  // since the last connection; no more than say enough
  LifeTime since_{}, warned_{};
  bool warned_once_ = false;  // since the last connection
};

}  // namespace tlspolicyd
