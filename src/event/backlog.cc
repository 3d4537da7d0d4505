#include "event/backlog.h"

#include <utility>

#include "event/guard.h"

namespace tlspolicyd {

// One by one: what a task holds may stand here itself.
Backlog::~Backlog() {
  while (!tasks_.empty()) static_cast<void>(take());
}

Backlog::Place Backlog::add(std::function<void()> task) {
  tasks_.push_back(std::move(task));
  return first_ + tasks_.size() - 1;
}

void Backlog::cancel(Place place) noexcept {
  if (place >= first_) tasks_[place - first_] = nullptr;
}

void Backlog::work_off(milliseconds limit) {
  if (tasks_.empty()) return;
  const auto end = std::chrono::steady_clock::now() + limit;
  do {
    if (const auto task = take()) run_guarded(task);
  } while (!tasks_.empty() && std::chrono::steady_clock::now() < end);
}

std::function<void()> Backlog::take() {
  auto task = std::move(tasks_.front());
  tasks_.pop_front();
  ++first_;
  return task;
}

void BacklogTask::add() {
  if (place_) return;
  place_ = backlog_.add([this] {
    place_.reset();
    task_();
  });
}

void BacklogTask::cancel() noexcept {
  if (place_) backlog_.cancel(*place_);
  place_.reset();
}

}  // namespace tlspolicyd
