#include "event/loop.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <new>

namespace tlspolicyd {
namespace {

class LoopTimer final : public Timer {
 public:
  LoopTimer(Loop& loop, std::function<void()> on_fire)
      : task_(loop.backlog(), std::move(on_fire)), event_(event_new(&loop.base(), -1, 0, &LoopTimer::fired, this)) {
    if (!event_) throw std::bad_alloc();
  }

  void start(milliseconds in) override {
    task_.cancel();
    const auto wait = std::max(in, milliseconds(0)).count();
    const timeval tv{static_cast<time_t>(wait / 1000), static_cast<suseconds_t>(wait % 1000 * 1000)};
    if (event_add(event_.get(), &tv) != 0) throw std::bad_alloc();
  }
  void cancel() noexcept override {
    event_del(event_.get());
    task_.cancel();
  }

 private:
  static void fired(evutil_socket_t, short, void* self) noexcept {
    run_guarded([self] { static_cast<LoopTimer*>(self)->task_.add(); });
  }
  BacklogTask task_;
  EventPtr event_;
};

}  // namespace

Loop::Loop(milliseconds backlog_share)
    : backlog_share_(backlog_share), base_(event_base_new()), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!base_ || !wake_) throw std::bad_alloc();
  wake_event_.reset(event_new(base_.get(), wake_.get(), EV_READ | EV_PERSIST, &Loop::woken, this));
  if (!wake_event_ || event_add(wake_event_.get(), nullptr) != 0) throw std::bad_alloc();
}

Loop::~Loop() = default;

void Loop::run() {
  while (!stopping_.load()) {
    event_base_loop(base_.get(), backlog_.empty() ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    backlog_.work_off(backlog_share_);
  }
  stopping_ = false;
}

void Loop::stop() {
  stopping_ = true;
  eventfd_write(wake_.get(), 1);
}

void Loop::post(std::function<void()> task) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) eventfd_write(wake_.get(), 1);
}

std::unique_ptr<Timer> Loop::make(std::function<void()> on_fire) {
  return std::make_unique<LoopTimer>(*this, std::move(on_fire));
}

void Loop::woken(evutil_socket_t fd, short, void* self) noexcept {
  eventfd_t count;
  eventfd_read(fd, &count);
  run_guarded([self] { static_cast<Loop*>(self)->take_posted(); });
}

void Loop::take_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) backlog_.add(std::move(task));
}

}  // namespace tlspolicyd
