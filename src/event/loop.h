// One libevent loop and the thread that runs it. The only place that knows event_base.
#pragma once

#include <event2/event.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/c_ptr.h"
#include "base/unique_fd.h"
#include "event/backlog.h"
#include "event/executor.h"
#include "event/guard.h"
#include "event/timer.h"

namespace tlspolicyd {

using EventBasePtr = CPtr<event_base, event_base_free>;
using EventPtr = CPtr<event, event_free>;  // event_free() also removes it from the loop

// A turn: the kernel tells what is ready; what is urgent is done at once; then the backlog, where
// timers, posted tasks and all other descriptors stand, is worked off for a short while.
//
// All methods on the loop's thread, except post() and stop().
class Loop final : public Executor, public Timers {
 public:
  // Of a turn, for the backlog: a cached answer may be late by that, and by one task.
  static constexpr milliseconds kBacklogShare{2};
  // For a loop where nothing is urgent: all of the backlog in each turn.
  static constexpr milliseconds kWholeBacklog{3'600'000};

  explicit Loop(milliseconds backlog_share = kBacklogShare);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() override;

  // Returns after stop(); may be called again, and goes on with what is left.
  void run();
  void stop();  // any thread

  void post(std::function<void()> task) override;  // any thread
  [[nodiscard]] std::unique_ptr<Timer> make(std::function<void()> on_fire) override;

  [[nodiscard]] event_base& base() { return *base_; }
  [[nodiscard]] Backlog& backlog() { return backlog_; }

 private:
  static void woken(evutil_socket_t fd, short what, void* self) noexcept;
  void take_posted();

  milliseconds backlog_share_;
  EventBasePtr base_;
  Backlog backlog_;
  UniqueFd wake_;
  EventPtr wake_event_;
  std::mutex mutex_;  // guards posted_ only
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> stopping_{false};
};

}  // namespace tlspolicyd
