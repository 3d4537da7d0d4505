#include "store/store_writer.h"

#include <utility>

namespace tlspolicyd {

StoreWriter::StoreWriter(StoreLane& lane, StoreBacklog& backlog, StoreTrouble::Parts parts, Events events)
    : lane_(lane),
      backlog_(backlog),
      commits_(parts.metrics.counter("store", "commits")),
      events_(std::move(events)),
      gathered_(parts.timers.make([this] {
        gathering_ = false;
        wake();
      })),
      sync_due_(parts.timers.make([this] {
        sync_timed_ = false;
        if (unsynced_ && !syncing_ && !trouble_.pausing()) sync();
      })),
      trouble_(parts, "write", [this] { wake(); }) {}

// What failed to be written has waited long enough.
bool StoreWriter::may_wait() const {
  return gathering_ && !hurried_ && !trouble_.failing() && !backlog_.empty() && backlog_.size() < kRowsPerCommit;
}

// On the next turn, so that all changes of this one share a commit.
void StoreWriter::wake() {
  if (waking_ || rows_under_way_ > 0 || trouble_.pausing() || may_wait()) return;
  waking_ = true;
  lane_.later([this] { commit(); });
}

void StoreWriter::wake_now() {
  gathered_->cancel();
  gathering_ = false;
  wake();
}

void StoreWriter::hurry() {
  hurried_ = true;
  trouble_.hurry();
  wake_now();
}

void StoreWriter::gather() {
  gathering_ = true;
  gathered_->start(kGather);
}

void StoreWriter::commit() {
  waking_ = false;
  std::vector<StoreChange> changes = backlog_.take(kRowsPerCommit);
  if (changes.empty() && !backlog_.empty()) return wake();
  if (changes.empty()) {
    mind_sync();
    if (hurried_ && (unsynced_ || syncing_)) return;
    hurried_ = false;
    return events_.idle();
  }
  rows_under_way_ = changes.size();
  gather();
  events_.sent(changes);
  const auto shared = std::make_shared<const std::vector<StoreChange>>(std::move(changes));
  lane_.ask([shared](Store& store) { return store.write(*shared); },
            [this, shared](const Result<void>& written) { on_written(written, *shared); });
}

void StoreWriter::on_written(const Result<void>& written, const std::vector<StoreChange>& changes) {
  rows_under_way_ = 0;
  if (!written) {
    trouble_.failed(written.error().text);
    return events_.failed(changes);
  }
  backlog_.written(changes);
  ++commits_;
  unsynced_ = true;
  mind_sync();
  if (may_wait()) return;
  commit();
}

// Whoever is in a hurry, or must know whether a failure is over, waits for nothing else.
void StoreWriter::mind_sync() {
  if (!unsynced_ || syncing_ || trouble_.pausing()) return;
  if (hurried_ || trouble_.failing()) return sync();
  if (std::exchange(sync_timed_, true)) return;
  sync_due_->start(kUnsynced);
}

void StoreWriter::sync() {
  sync_due_->cancel();
  sync_timed_ = unsynced_ = false;
  syncing_ = true;
  lane_.sync([this](const Result<void>& synced) { on_synced(synced); });
}

void StoreWriter::on_synced(const Result<void>& synced) {
  syncing_ = false;
  if (!synced) {
    unsynced_ = true;
    trouble_.failed(synced.error().text);
    return events_.failed({});
  }
  trouble_.succeeded(backlog_.empty() && rows_under_way_ == 0 && !unsynced_);
  mind_sync();
  if (hurried_) wake();
}

}  // namespace tlspolicyd
