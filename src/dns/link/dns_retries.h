// How often a resolver is asked again what it has not answered: of a crowd whose name servers are
// silent, a tenth and a few more, so that retries never add to the load that may be the cause.
// A question for which there is no retry now stays as it is and waits for one. Pure.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace tlspolicyd {

class DnsRetries {
 public:
  static constexpr double kShare = 0.1, kAlways = 50;  // of first questions, and without any
  static constexpr double kMost = 1000;                // what a large crowd leaves behind
  static constexpr double kPerSecond = 5;              // so that calm times are never without

  void asked_first() { left_ = std::min(left_ + kShare, kMost); }
  // True: that retry may be made now, and is counted.
  [[nodiscard]] bool take(SteadyTime now) {
    const double passed = std::chrono::duration<double>(now - seen_).count();
    seen_ = now;
    if (left_ < kAlways) left_ = std::min(left_ + passed * kPerSecond, kAlways);
    if (left_ < 1) return false;
    --left_;
    return true;
  }

 private:
  double left_ = kAlways;
  SteadyTime seen_{};
};

}  // namespace tlspolicyd
