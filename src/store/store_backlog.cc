#include "store/store_backlog.h"

#include "cache/octets_of.h"
#include "store/store_shadow.h"
#include "store/stored_row.h"

namespace tlspolicyd {
namespace {

// About what it takes in memory; its DANE statuses are short beside the rest.
std::size_t octets_of(const StoredRow& row) {
  return sizeof row + row.policy.text.size() + row.policy.mx.joined().size();
}

bool holds_policy(const Entry* entry) { return entry != nullptr && entry->held; }

}  // namespace

bool StoreBacklog::add(const Domain& domain) {
  static_cast<void>(take_kept(domain));
  names_.insert(domain);
  if (names_.size() <= std::max(most_names_, forgotten_.size())) return true;
  names_ = forgotten_;
  add_all();
  return false;
}

bool StoreBacklog::forget(const Domain& domain) {
  forgotten_.insert(domain);
  return add(domain);
}

void StoreBacklog::add_all() {
  all_ = true;
  cursor_ = 0;
}

bool StoreBacklog::keep(const Entry& entry) {
  if (!all_ && names_.count(entry.domain) == 0) return true;  // the store has it
  return keep(to_row(entry, clock_));
}

bool StoreBacklog::keep(StoredRow row) {
  static_cast<void>(take_kept(row.domain));
  const std::size_t octets = octets_of(row);
  if (kept_octets_ + octets > kMostKeptOctets) {
    if (forgotten_.count(row.domain) == 0) names_.erase(row.domain);
    return false;
  }
  kept_octets_ += octets;
  const Domain domain = row.domain;
  kept_.emplace(domain, std::move(row));
  return true;
}

const StoredRow* StoreBacklog::kept(const Domain& domain) const {
  const auto found = kept_.find(domain);
  return found == kept_.end() ? nullptr : &found->second;
}

std::optional<StoredRow> StoreBacklog::take_kept(const Domain& domain) {
  auto node = kept_.extract(domain);
  if (!node) return std::nullopt;
  kept_octets_ -= octets_of(node.mapped());
  return std::move(node.mapped());
}

void StoreBacklog::drop_kept() {
  kept_.clear();
  kept_octets_ = 0;
}

std::vector<StoreChange> StoreBacklog::take(std::size_t most) {
  return names_.empty() && kept_.empty() ? take_listed(most) : take_named(most);
}

StoreChange StoreBacklog::change_of(const Domain& domain) {
  StoreChange change{.domain = domain, .row = take_kept(domain)};
  const Entry* entry = cache_.find(domain.text());
  if (holds_policy(entry)) change.row = to_row(*entry, clock_);
  return change;
}

std::vector<StoreChange> StoreBacklog::take_named(std::size_t most) {
  std::vector<StoreChange> changes;
  while (!names_.empty() && changes.size() < most) changes.push_back(change_of(names_.extract(names_.begin()).value()));
  while (!kept_.empty() && changes.size() < most) {
    const Domain domain = kept_.begin()->first;
    changes.push_back(change_of(domain));
  }
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

void StoreBacklog::written(const std::vector<StoreChange>& changes) {
  if (forgotten_.empty()) return;
  for (const StoreChange& change : changes)
    if (names_.count(change.domain) == 0) forgotten_.erase(change.domain);
}

// What changed again meanwhile is newer than what comes back.
bool StoreBacklog::give_back(const std::vector<StoreChange>& changes) {
  bool room = true;
  for (const StoreChange& change : changes) {
    if (names_.count(change.domain) != 0) continue;
    room = add(change.domain) && room;
    if (change.row && !holds_policy(cache_.find(change.domain.text()))) static_cast<void>(keep(*change.row));
  }
  return room;
}

}  // namespace tlspolicyd
