#include "cache/store_backlog.h"

#include "cache/store_shadow.h"

namespace tlspolicyd {

bool StoreBacklog::add(const Domain& domain) {
  names_.insert(domain);
  if (names_.size() <= most_names_) return true;
  names_.clear();
  add_all();
  return false;
}

void StoreBacklog::add_all() {
  all_ = true;
  cursor_ = 0;
}

std::vector<StoreChange> StoreBacklog::take(std::size_t most) {
  return names_.empty() ? take_listed(most) : take_named(most);
}

StoreChange StoreBacklog::change_of(const Domain& domain) const {
  const Entry* entry = cache_.find(domain.text());
  StoreChange change{.domain = domain, .row = {}};
  if (entry != nullptr && entry->held) change.row = to_row(*entry, clock_);
  return change;
}

std::vector<StoreChange> StoreBacklog::take_named(std::size_t most) {
  std::vector<StoreChange> changes;
  while (!names_.empty() && changes.size() < most)
    changes.push_back(change_of(names_.extract(names_.begin()).value()));
  return changes;
}

std::vector<StoreChange> StoreBacklog::take_listed(std::size_t most) {
  std::vector<StoreChange> changes;
  if (!all_) return changes;
  const auto entries = cache_.list(cursor_, most);
  all_ = !entries.empty();
  for (const Entry* entry : entries)
    if (entry->held) changes.push_back({.domain = entry->domain, .row = to_row(*entry, clock_)});
  return changes;
}

}  // namespace tlspolicyd
