// What is ready but need not be done at once. The loop works it off between two looks at the
// descriptors, first come first served and for a bounded time, so that thousands of DNS answers,
// timers and results that come together do not make Postfix wait. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "base/clock.h"

namespace tlspolicyd {

class Backlog {
 public:
  using Place = std::uint64_t;

  Backlog() = default;
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;
  ~Backlog();

  Place add(std::function<void()> task);
  // Nothing if it has run.
  void cancel(Place place) noexcept;
  [[nodiscard]] bool empty() const { return tasks_.empty(); }
  // One task at least, and no more once the time is up.
  void work_off(milliseconds limit);

 private:
  [[nodiscard]] std::function<void()> take();

  std::deque<std::function<void()>> tasks_;  // empty where one was cancelled
  Place first_ = 0;                          // of tasks_.front()
};

// A task that stands in the backlog at most once at a time, and no longer than this lives.
// Must not be destroyed from inside its task.
class BacklogTask {
 public:
  BacklogTask(Backlog& backlog, std::function<void()> task) : backlog_(backlog), task_(std::move(task)) {}
  BacklogTask(const BacklogTask&) = delete;
  BacklogTask& operator=(const BacklogTask&) = delete;
  ~BacklogTask() { cancel(); }

  void add();
  void cancel() noexcept;

 private:
  Backlog& backlog_;
  std::function<void()> task_;
  std::optional<Backlog::Place> place_;
};

}  // namespace tlspolicyd
