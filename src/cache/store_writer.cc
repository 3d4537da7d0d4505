#include "cache/store_writer.h"

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
    hurried_ = false;
    return events_.idle();
  }
  rows_under_way_ = changes.size();
  gather();
  std::vector<Domain> domains;
  for (const StoreChange& change : changes) domains.push_back(change.domain);
  events_.sent(domains);
  lane_.ask([changes = std::move(changes)](Store& store) { return store.write(changes); },
            [this, domains = std::move(domains)](const Result<void>& written) { on_written(written, domains); });
}

void StoreWriter::on_written(const Result<void>& written, const std::vector<Domain>& domains) {
  rows_under_way_ = 0;
  if (!written) {
    trouble_.failed(written.error().text);
    return events_.failed(domains);
  }
  ++commits_;
  trouble_.succeeded(backlog_.empty());
  if (may_wait()) return;
  commit();
}

}  // namespace tlspolicyd
