// The port to durable storage. What must outlive the process: policies, not absences.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "dane/hop_dane.h"
#include "store/stored_row.h"
#include "sts/domain.h"
#include "sts/entry.h"

namespace tlspolicyd {

struct StoreChange {
  Domain domain;
  std::optional<StoredRow> row;  // empty: forget it
};

// Blocking; called from the store lane alone, but for sync().
class Store {
 public:
  virtual ~Store() = default;
  // Whether this process may write; tries to get that right. False: another process has it.
  // What cannot be found out is no reason against: a write then says what is wrong.
  virtual bool claim() { return true; }
  // From the next write on.
  virtual void set_max_octets(std::uint64_t octets) = 0;
  // All or nothing. It outlives the process when this returns, the machine after a sync().
  virtual Result<void> write(const std::vector<StoreChange>& changes) = 0;
  // What was written before the call is durable when it returns. On a thread of its own, so
  // that a slow disk keeps nothing from being written.
  virtual Result<void> sync() = 0;
  virtual Result<std::optional<StoredRow>> get(const Domain& domain) = 0;
  // Up to `most` rows with a domain greater than `after` (as text; "" for the first
  // page), in ascending order. Rows that do not parse are skipped and counted by the
  // implementation; an empty page is the end.
  virtual Result<std::vector<StoredRow>> page(const std::string& after, std::size_t most) = 0;
  // True once after rows were lost (a broken file was moved aside): what is known must be
  // written anew.
  virtual bool take_loss() { return false; }
};

}  // namespace tlspolicyd
