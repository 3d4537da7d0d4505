// One libevent loop and the thread that runs it. The only place that knows event_base.
#pragma once

#include <event2/event.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "base/c_ptr.h"
#include "base/unique_fd.h"
#include "event/executor.h"
#include "event/timer.h"

namespace tlspolicyd {

using EventBasePtr = CPtr<event_base, event_base_free>;
using EventPtr = CPtr<event, event_free>;  // event_free() also removes it from the loop

[[noreturn]] void panic(const char* reason) noexcept;
[[noreturn]] void panic_out_of_memory() noexcept;

// Runs `callback`. Where memory has run out the new-handler, if there is one, ends the
// process; any other exception that gets this far is a bug: it is written to stderr and
// the process aborts.
template <typename Callback>
void run_guarded(const Callback& callback) noexcept {
  try {
    callback();
  } catch (const std::bad_alloc&) {  // told by a C library: operator new has asked the handler itself
    panic_out_of_memory();
  } catch (const std::exception& bug) {
    panic(bug.what());
  }
}

// All methods on the loop's thread, except post() and stop().
class Loop final : public Executor, public Timers {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() override;

  // Returns after stop(); may be called again.
  void run();
  void stop();  // any thread

  void post(std::function<void()> task) override;  // any thread
  [[nodiscard]] std::unique_ptr<Timer> make(std::function<void()> on_fire) override;

  [[nodiscard]] event_base& base() { return *base_; }

 private:
  static void woken(evutil_socket_t fd, short what, void* self) noexcept;
  void run_posted();

  EventBasePtr base_;
  UniqueFd wake_;
  EventPtr wake_event_;
  std::mutex mutex_;  // guards posted_ only
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> stopping_{false};
};

}  // namespace tlspolicyd
