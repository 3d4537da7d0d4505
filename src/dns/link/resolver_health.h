// Whether a resolver is asked after the others. Pure.
#pragma once

#include "base/clock.h"

namespace tlspolicyd {

class ResolverHealth {
 public:
  static constexpr seconds kLastFor{30};  // a silent resolver's penalty

  [[nodiscard]] bool is_last(SteadyTime now) const { return now < last_until_; }
  void answered(SteadyTime now) { answered_ = now, last_until_ = SteadyTime::min(); }
  // Asked at `asked` and silent until `now`. A resolver that answered others meanwhile is
  // not to blame: else whoever owns a name that never resolves could turn us away from it.
  void silent(SteadyTime asked, SteadyTime now) {
    if (answered_ <= asked) last_until_ = now + kLastFor;
  }

 private:
  SteadyTime answered_ = SteadyTime::min();
  SteadyTime last_until_ = SteadyTime::min();
};

}  // namespace tlspolicyd
