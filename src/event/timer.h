// The port for one-shot timers.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace tlspolicyd {

// Destruction cancels. Must not be destroyed from inside its own callback; it may be
// started again there.
class Timer {
 public:
  virtual ~Timer() = default;
  virtual void start(milliseconds in) = 0;  // replaces a pending start; negative counts as 0
  virtual void cancel() noexcept = 0;
};

class Timers {
 public:
  virtual ~Timers() = default;
  [[nodiscard]] virtual std::unique_ptr<Timer> make(std::function<void()> on_fire) = 0;
};

}  // namespace tlspolicyd
