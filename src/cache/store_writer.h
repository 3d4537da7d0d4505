// Group commit: what is in the backlog is written at once, but for a short while after a
// commit began, in which it gathers. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "cache/store_backlog.h"
#include "cache/store_lane.h"
#include "cache/store_trouble.h"
#include "event/timer.h"

namespace tlspolicyd {

class StoreWriter {
 public:
  // Rows copied in one turn of the loop: about a millisecond.
  static constexpr std::size_t kRowsPerCommit = 1000;
  // From one beginning to the next, unless the rows of a whole commit wait: a commit costs its
  // writes and a sync, however few its rows. What was answered must be durable within 100 ms.
  static constexpr milliseconds kGather{20};

  struct Events {
    std::function<void(const std::vector<Domain>&)> sent;    // a commit of these began
    std::function<void(const std::vector<Domain>&)> failed;  // back with them into the backlog
    std::function<void()> idle;  // the backlog is empty and all of it is durable
  };

  // All but `events` outlive this object.
  StoreWriter(StoreLane& lane, StoreBacklog& backlog, StoreTrouble::Parts parts, Events events);

  // Call after the backlog grew, and to hear `idle`.
  void wake();
  // The same, without waiting for more.
  void wake_now();
  // The same, nor for the end of a pause after a failure, until `idle`.
  void hurry();

  [[nodiscard]] std::size_t rows_under_way() const { return rows_under_way_; }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] bool failing() const { return trouble_.failing(); }

 private:
  [[nodiscard]] bool may_wait() const;
  void gather();
  void commit();
  void on_written(const Result<void>& written, const std::vector<Domain>& domains);

  StoreLane& lane_;
  StoreBacklog& backlog_;
  std::uint64_t& commits_;
  Events events_;
  std::size_t rows_under_way_ = 0;
  bool waking_ = false;     // a turn for commit() is posted
  bool gathering_ = false;  // since the last commit began
  bool hurried_ = false;
  std::unique_ptr<Timer> gathered_;
  StoreTrouble trouble_;
};

}  // namespace tlspolicyd
