// What a load saw, printed as one line of JSON for the script that started it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace tlspolicyd::bench {

using SteadyNow = std::chrono::steady_clock;

class LoadStats {
 public:
  void add(SteadyNow::time_point asked, SteadyNow::time_point answered, bool right) {
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(answered - asked).count();
    latencies_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(took, 0, UINT32_MAX)));
    wrong_ += !right;
  }
  void lost() { ++lost_; }
  [[nodiscard]] std::size_t answers() const { return latencies_.size(); }

  void print(double seconds) {
    std::sort(latencies_.begin(), latencies_.end());
    std::printf(
        "{\"answers\": %zu, \"wrong\": %zu, \"lost\": %zu, \"seconds\": %.6f, \"rate\": %.1f, "
        "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}\n",
        answers(), wrong_, lost_, seconds, static_cast<double>(answers()) / seconds, at(0.5), at(0.99), at(0.999),
        at(1));
  }

 private:
  [[nodiscard]] double at(double share) const {
    if (latencies_.empty()) return 0;
    const auto last = static_cast<double>(latencies_.size() - 1);
    return latencies_[static_cast<std::size_t>(share * last)] / 1e3;
  }
  std::vector<std::uint32_t> latencies_;  // ns
  std::size_t wrong_ = 0, lost_ = 0;
};

}  // namespace tlspolicyd::bench
