// Group commit: what is in the backlog is written at once, but for a short while after a
// commit began, in which it gathers. What was written is synced a little later, all of it
// together and on another thread: a disk that syncs slowly delays no commit. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "store/store_backlog.h"
#include "store/store_lane.h"
#include "store/store_trouble.h"
#include "event/timer.h"

namespace tlspolicyd {

class StoreWriter {
 public:
  // Rows copied in one turn of the loop: about a millisecond.
  static constexpr std::size_t kRowsPerCommit = 1000;
  // From one beginning to the next, unless the rows of a whole commit wait: a commit costs its
  // writes, however few its rows. What was answered must outlive the process after 100 ms.
  static constexpr milliseconds kGather{20};
  // From a commit to the sync of it: what a power cut may cost, for it is found again. A mail
  // server's disk has better to do than to sync each commit.
  static constexpr milliseconds kUnsynced{1000};

  struct Events {
    std::function<void(const std::vector<StoreChange>&)> sent;    // a commit of these began
    std::function<void(const std::vector<StoreChange>&)> failed;  // they are back in the backlog; none: a sync
    std::function<void()> idle;                                   // all is written, and after hurry() durable
  };

  // All but `events` outlive this object.
  StoreWriter(StoreLane& lane, StoreBacklog& backlog, StoreTrouble::Parts parts, Events events);

  // Call after the backlog grew, and to hear `idle`.
  void wake();
  // The same, without waiting for more.
  void wake_now();
  // The same, nor for the end of a pause after a failure, nor to sync, until `idle`.
  void hurry();

  [[nodiscard]] std::size_t rows_under_way() const { return rows_under_way_; }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] bool failing() const { return trouble_.failing(); }

 private:
  [[nodiscard]] bool may_wait() const;
  void gather();
  void commit();
  void on_written(const Result<void>& written, const std::vector<StoreChange>& changes);
  void mind_sync();
  void sync();
  void on_synced(const Result<void>& synced);

  StoreLane& lane_;
  StoreBacklog& backlog_;
  std::uint64_t& commits_;
  Events events_;
  std::size_t rows_under_way_ = 0;
  bool waking_ = false;     // a turn for commit() is posted
  bool gathering_ = false;  // since the last commit began
  bool hurried_ = false;
  bool unsynced_ = false;    // something was committed since the last sync began
  bool sync_timed_ = false;  // sync_due_ runs
  bool syncing_ = false;
  std::unique_ptr<Timer> gathered_, sync_due_;
  StoreTrouble trouble_;
};

}  // namespace tlspolicyd
