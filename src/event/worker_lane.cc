#include "event/worker_lane.h"

#include <pthread.h>

#include "event/loop.h"

namespace tlspolicyd {

WorkerLane::WorkerLane(const char* name) : thread_([this] { work(); }) {
  pthread_setname_np(thread_.native_handle(), name);
}

WorkerLane::~WorkerLane() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void WorkerLane::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void WorkerLane::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    run_guarded(job);
    job = nullptr;  // what it holds may be much, or post here when it goes
    lock.lock();
  }
}

}  // namespace tlspolicyd
