// One thread that runs jobs in order, for what must block: the store, postconf.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "event/executor.h"

namespace tlspolicyd {

// post() runs a job on the lane's thread. Destruction finishes the job under way and
// those waiting, then joins: what was accepted is done.
class WorkerLane final : public Executor {
 public:
  // `name`: at most 15 octets, shown by ps and debuggers.
  explicit WorkerLane(const char* name);
  WorkerLane(const WorkerLane&) = delete;
  WorkerLane& operator=(const WorkerLane&) = delete;
  ~WorkerLane() override;

  void post(std::function<void()> job) override;  // any thread

 private:
  void work();

  std::mutex mutex_;  // guards jobs_ and closing_
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool closing_ = false;
  std::thread thread_;  // last: starts when all else is there
};

// Runs `work` on `lane` and hands its result to `done` on `home`. Both take and give
// values only; `done` finds out itself whether its target still lives.
template <typename Work, typename Done>
void submit(Executor& lane, Executor& home, Work work, Done done) {
  lane.post([&home, work = std::move(work), done = std::move(done)]() mutable {
    home.post([result = work(), done = std::move(done)]() mutable { done(std::move(result)); });
  });
}

}  // namespace tlspolicyd
