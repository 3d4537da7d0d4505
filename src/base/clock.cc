#include "base/clock.h"

#include <ctime>

namespace tlspolicyd {

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

LifeTime SystemClock::life() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return LifeTime(seconds(now.tv_sec));
}

WallTime SystemClock::wall() const { return std::chrono::time_point_cast<seconds>(std::chrono::system_clock::now()); }

std::string rfc3339(WallTime time) {
  // Not by to_time_t(), which counts nanoseconds: they end in the year 2262.
  const std::time_t when = time.time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&when, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace tlspolicyd
