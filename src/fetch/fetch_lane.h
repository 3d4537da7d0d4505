// One thread with its own event loop and many fetches in flight, at lower priority than
// the answer loop. Takes and gives values only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>

#include "event/loop.h"
#include "fetch/fetch.h"
#include "tls/trust.h"

namespace tlspolicyd {

class FetchLane {
 public:
  using Id = std::uint64_t;

  explicit FetchLane(Trust& trust);
  FetchLane(const FetchLane&) = delete;
  FetchLane& operator=(const FetchLane&) = delete;
  ~FetchLane();  // fetches under way are dropped without a word

  // Any thread. `done` runs on the lane, at most once, not after cancel() was heeded.
  void start(Id id, FetchRequest request, bool more_follow, Fetch::Done done);
  void add(Id id, std::vector<IpAddress> addresses);  // those that were to follow
  void cancel(Id id);
  void post(std::function<void()> job) { loop_.post(std::move(job)); }

 private:
  void run();
  void enter(Id id, FetchRequest request, Fetch::Begin begin, Fetch::Done done);
  void start_some();
  void finished(Id id, FetchOutcome outcome, const Fetch::Done& done);

  Trust& trust_;
  Loop loop_{Loop::kWholeBacklog};  // nobody waits here for an answer from memory
  std::unordered_map<Id, std::unique_ptr<Fetch>> fetches_;
  std::deque<Id> waiting_;  // not started yet; may name some that are gone
  std::unique_ptr<Timer> more_;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace tlspolicyd
