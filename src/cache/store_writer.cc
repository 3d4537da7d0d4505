#include "cache/store_writer.h"

#include <utility>

namespace tlspolicyd {

StoreWriter::StoreWriter(StoreLane& lane, StoreBacklog& backlog, StoreTrouble::Parts parts, Events events)
    : lane_(lane),
      backlog_(backlog),
      commits_(parts.metrics.counter("store", "commits")),
      events_(std::move(events)),
      trouble_(parts, "write", [this] { wake(); }) {}

// On the next turn, so that all changes of this one share a commit.
void StoreWriter::wake() {
  if (waking_ || rows_under_way_ > 0 || trouble_.pausing()) return;
  waking_ = true;
  lane_.later([this] { commit(); });
}

void StoreWriter::hurry() {
  trouble_.hurry();
  wake();
}

void StoreWriter::commit() {
  waking_ = false;
  std::vector<StoreChange> changes = backlog_.take(kRowsPerCommit);
  if (changes.empty()) return backlog_.empty() ? events_.idle() : wake();
  rows_under_way_ = changes.size();
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
  commit();
}

}  // namespace tlspolicyd
