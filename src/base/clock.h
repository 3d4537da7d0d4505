// Three kinds of time in three types, and the port that tells them.
//
//   SteadyTime  for timeouts within the process;
//   LifeTime    for the age of a policy: goes on during suspend, never steps;
//   WallTime    for people and for what outlives the process.
//
// A step of the wall clock must neither end nor prolong a policy, so only the store
// and the views ever turn a LifeTime into a WallTime.
#pragma once

#include <chrono>
#include <string>

namespace tlspolicyd {

using std::chrono::milliseconds;
using std::chrono::seconds;

using SteadyTime = std::chrono::steady_clock::time_point;

struct LifeClock {
  using duration = seconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LifeClock>;
  static constexpr bool is_steady = true;
};
using LifeTime = LifeClock::time_point;  // CLOCK_BOOTTIME in the real clock

using WallTime = std::chrono::time_point<std::chrono::system_clock, seconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
  [[nodiscard]] virtual LifeTime life() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override;
  [[nodiscard]] LifeTime life() const override;
  [[nodiscard]] WallTime wall() const override;
};

// The wall time at which `then` was or will be, judged from the two clocks now.
[[nodiscard]] inline WallTime to_wall(LifeTime then, const Clock& clock) {
  return clock.wall() + (then - clock.life());
}

// RFC 3339, UTC, whole seconds: 2026-01-31T07:00:00Z.
[[nodiscard]] std::string rfc3339(WallTime time);

}  // namespace tlspolicyd
