// Runs posted tasks when the test says so, on the test's own thread.
#pragma once

#include <deque>
#include <functional>

#include "event/executor.h"

namespace tlspolicyd {

class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

  // Runs what waits, and what that posts; returns how many ran.
  std::size_t run() {
    std::size_t ran = 0;
    while (run_one()) ++ran;
    return ran;
  }
  // The first that waits; false if none does.
  bool run_one() {
    if (tasks_.empty()) return false;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  [[nodiscard]] std::size_t waiting() const { return tasks_.size(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

}  // namespace tlspolicyd
