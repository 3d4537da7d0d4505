// Notices that the wall clock was set, by its distance from the clock of ages, which never
// steps. What stands in the store is on the wall clock, so it must then be written anew.
#pragma once

#include "base/clock.h"

namespace tlspolicyd {

class WallStep {
 public:
  // A minute more or less does not matter to policies that last for days.
  static constexpr seconds kTolerated{60};
  // How long after the start a step forward is taken for the correction of a clock that was
  // behind. Later it may as well be false, and would end all that was loaded.
  static constexpr seconds kStartWindow{3600};

  explicit WallStep(const Clock& clock) : clock_(clock), distance_(distance()) {}

  // Whether take() would say so.
  [[nodiscard]] bool pending() const {
    const seconds step = distance() - distance_;
    return step <= -kTolerated || step >= kTolerated;
  }
  // By how much it was set since the last call that said so; 0 where by less than that.
  [[nodiscard]] seconds take() {
    const seconds step = distance() - distance_;
    if (step > -kTolerated && step < kTolerated) return seconds(0);
    distance_ += step;
    return step;
  }

 private:
  [[nodiscard]] seconds distance() const { return clock_.wall().time_since_epoch() - clock_.life().time_since_epoch(); }

  const Clock& clock_;
  seconds distance_;
};

}  // namespace tlspolicyd
