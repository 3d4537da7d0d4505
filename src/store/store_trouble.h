// One kind of store operation that may fail for a while: says so once, has it tried
// again with growing pauses, and says once that it is over. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/metrics.h"
#include "event/timer.h"

namespace tlspolicyd {

class StoreTrouble {
 public:
  struct Parts {
    Timers& timers;
    Logger& log;
    Metrics& metrics;
  };
  // `operation`: "read" or "write", for log and metrics.
  StoreTrouble(Parts parts, std::string_view operation, std::function<void()> try_again);

  void failed(const std::string& reason);
  // `caught_up`: nothing is left of what had failed.
  void succeeded(bool caught_up);
  // Ends the pause: the caller tries now.
  void hurry();

  [[nodiscard]] bool failing() const { return failing_; }
  [[nodiscard]] bool pausing() const { return pausing_; }

 private:
  Logger& log_;
  std::uint64_t& failures_;
  std::string_view operation_;
  bool failing_ = false;
  bool pausing_ = false;
  milliseconds pause_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace tlspolicyd
