// Durable storage that lasts as long as the test, with scripted failures and a log of
// what was written and read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace tlspolicyd {

class MemoryStore final : public Store {
 public:
  // Until told otherwise each write or read fails so and changes nothing.
  void fail_writes(std::optional<std::string> reason) { write_failure_ = std::move(reason); }
  void fail_syncs(std::optional<std::string> reason) { sync_failure_ = std::move(reason); }
  void fail_reads(std::optional<std::string> reason) { read_failure_ = std::move(reason); }

  // Another process has the store.
  void take_elsewhere(bool taken) { taken_ = taken; }
  void set_max_octets(std::uint64_t octets) override { max_octets = octets; }
  bool claim() override {
    ++claims;
    return !taken_;
  }

  // The rows of `domains` are lost, as when a broken file was replaced.
  void lose(const std::vector<std::string>& domains) {
    for (const std::string& domain : domains) rows.erase(domain);
    lost_ = true;
  }
  bool take_loss() override { return std::exchange(lost_, false); }

  Result<void> write(const std::vector<StoreChange>& changes) override {
    batches.push_back(changes.size());
    if (taken_) return tlspolicyd::fail("another process has it");
    if (write_failure_) return tlspolicyd::fail(*write_failure_);
    for (const StoreChange& change : changes) {
      rows.erase(change.domain.text());
      if (change.row) rows.emplace(change.domain.text(), *change.row);
    }
    return {};
  }

  Result<void> sync() override {
    ++syncs;
    if (sync_failure_) return tlspolicyd::fail(*sync_failure_);
    durable = rows.size();
    return {};
  }

  Result<std::optional<StoredRow>> get(const Domain& domain) override {
    ++gets;
    if (read_failure_) return tlspolicyd::fail(*read_failure_);
    const auto found = rows.find(domain.text());
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  }

  Result<std::vector<StoredRow>> page(const std::string& after, std::size_t most) override {
    ++pages;
    if (read_failure_) return tlspolicyd::fail(*read_failure_);
    std::vector<StoredRow> page;
    for (auto row = rows.upper_bound(after); row != rows.end() && page.size() < most; ++row)
      page.push_back(row->second);
    return page;
  }

  std::map<std::string, StoredRow> rows;
  std::vector<std::size_t> batches;                        // the size of each write, failed ones too
  std::size_t gets = 0, pages = 0, syncs = 0, claims = 0;  // failed ones too
  std::uint64_t max_octets = 0;
  std::size_t durable = 0;  // rows at the last sync that did not fail

 private:
  std::optional<std::string> write_failure_, read_failure_, sync_failure_;
  bool lost_ = false, taken_ = false;
};

}  // namespace tlspolicyd
