// Keeps the store in step with the cache: written behind, by group commit, on the store's own
// thread, and synced behind that on another. Also the way back: loading at start, and point
// reads of what is not loaded yet, or for which the cache has no room. Answer loop only; the
// Store itself is touched on the lanes alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cache/policy_cache.h"
#include "event/executor.h"
#include "event/ticket.h"
#include "event/timer.h"
#include "store/store.h"

namespace tlspolicyd {

class StoreShadow {
 public:
  struct Parts {  // all outlive this object
    Executor& lane;
    Executor& sync_lane;
    Executor& loop;
    Timers& timers;
    const Clock& clock;
    Logger& log;
    Metrics& metrics;
    const PolicyCache& cache;
  };
  // `store` null: memory only; everything succeeds and nothing is kept. Its lanes must be idle:
  // it is asked at once whether this process may write.
  StoreShadow(Parts parts, std::shared_ptr<Store> store);
  ~StoreShadow();
  StoreShadow(const StoreShadow&) = delete;
  StoreShadow& operator=(const StoreShadow&) = delete;

  // The cache's entry for `domain` changes, or its policy has ended: what the cache holds when the
  // commit begins is written, absences as "forget it". To be called before put(), which may
  // evict what it was given. A commit begins as soon as one is pending,
  // none is under way and the last began StoreWriter::kGather ago; it takes all that waits.
  void changed(const Domain& domain);
  // The cache had no room for an entry with a policy. The store keeps the row of a live one,
  // which get() finds from now on.
  void evicted(const Entry& entry);
  // The cache is about to hold the row that was read.
  void adopted(const Domain& domain);
  // The same as changed(), by an operator's wish: the store is never believed about it again,
  // however much gathers before all is loaded.
  void forget(const Domain& domain);
  void forget_all();

  // Reads all rows in the background, page by page. `on_row` for each row whose domain
  // was not changed() meanwhile and has no policy in the cache. A row that `on_row` does
  // not put there has lapsed by the wall clock, which may be wrong: see mind_clock().
  // `on_loaded` once, at the end or when reading failed; a load that failed goes on later.
  void load(std::function<void(StoredRow)> on_row, std::function<void()> on_loaded);
  // To be called every few minutes at least. When the wall clock was set, the times of what was
  // fetched since the start are written anew, so that a restart finds the ages that were true
  // before; and rows that had lapsed by the former setting are read once more. They go when it
  // has stood for a day. Returns by how much it was set.
  seconds mind_clock();
  // A policy that was loaded has ended by the wall clock, which may be wrong, and is about to leave
  // the cache: its row stays as long as one that had lapsed when it was read.
  void pass_over(const Entry& entry);
  [[nodiscard]] bool loaded() const;
  // Whether the store may have a live policy of a domain of which the cache has none.
  [[nodiscard]] bool may_hold(const Domain& domain) const;
  // Whether the store does have one, by all that is known, though the cache had no room for it.
  [[nodiscard]] bool holds(const Domain& domain) const;
  // Whether the age of that policy, as get() gives it, is the true one whatever the wall clock says.
  [[nodiscard]] bool knows_age(const Domain& domain) const;
  // Live rows that the cache has no room for.
  [[nodiscard]] std::size_t beyond_memory() const;

  using Got = std::function<void(std::optional<StoredRow>)>;  // empty also on a read error
  [[nodiscard]] Ticket get(const Domain& domain, Got done);

  void set_max_octets(std::uint64_t octets);

  // `done` when everything pending has been written and synced, or at the first write or sync
  // that fails. Rows that cannot be read are not waited for.
  void drain(std::function<void()> done);

  // "ok", "loading", "failing", "memory", or "read-only" where another process writes the store,
  // for --status.
  [[nodiscard]] std::string_view state() const;
  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] std::uint64_t commits() const;  // that have succeeded: whether something is taken

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tlspolicyd
