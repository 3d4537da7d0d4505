#include "store/store_trouble.h"

#include <algorithm>

namespace tlspolicyd {
namespace {
// Soon enough that a moment's trouble loses next to nothing, late enough not to load a
// sick disk.
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{60'000};
}  // namespace

StoreTrouble::StoreTrouble(Parts parts, std::string_view operation, std::function<void()> try_again)
    : log_(parts.log),
      failures_(parts.metrics.counter("store", std::string(operation) + "_failed")),
      operation_(operation),
      pause_(kFirstPause),
      timer_(parts.timers.make([this, again = std::move(try_again)] {
        pausing_ = false;
        again();
      })) {}

void StoreTrouble::failed(const std::string& reason) {
  ++failures_;
  if (!failing_)
    log_.warning(
        LogLine("store")
            .with("action", "failing")
            .with("operation", operation_)
            .with("reason", reason)
            .with("effect", "serving from memory until it works again")
            .with("cure", "let the daemon write in that folder and have room on the disk; nothing need be restarted"));
  failing_ = true;
  if (pausing_) return;
  pausing_ = true;
  timer_->start(pause_);
  pause_ = std::min(pause_ * 2, kLongestPause);
}

void StoreTrouble::succeeded(bool caught_up) {
  pause_ = kFirstPause;
  if (!failing_ || !caught_up) return;
  failing_ = false;
  log_.info(LogLine("store").with("action", "recovered").with("operation", operation_));
}

void StoreTrouble::hurry() {
  timer_->cancel();
  pausing_ = false;
}

}  // namespace tlspolicyd
