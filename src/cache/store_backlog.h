// What the store does not know yet: the names of entries that changed, or simply "all".
// Values are looked up in the cache only when they are taken to be written. Answer loop
// only.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "cache/keyed_hash.h"
#include "cache/policy_cache.h"
#include "cache/store.h"

namespace tlspolicyd {

class StoreBacklog {
 public:
  // While the store fails, changes gather; this many names take about 10 MB. Beyond it
  // the names are given up and the whole cache counts as changed.
  static constexpr std::size_t kMostNames = 100'000;

  StoreBacklog(const PolicyCache& cache, const Clock& clock, std::size_t most_names = kMostNames)
      : cache_(cache), clock_(clock), most_names_(most_names) {}

  // False if that was too many: from now on all is to be written, and names that are
  // no longer in the cache must be looked for in the store.
  [[nodiscard]] bool add(const Domain& domain);
  // All that the cache holds.
  void add_all();

  // The next changes, at most `most`, in the state that the cache is in now. May come
  // back empty while not empty().
  [[nodiscard]] std::vector<StoreChange> take(std::size_t most);

  [[nodiscard]] bool holds(const Domain& domain) const { return names_.count(domain) != 0; }
  [[nodiscard]] bool empty() const { return names_.empty() && !all_; }
  [[nodiscard]] std::size_t size() const { return names_.size() + (all_ ? cache_.census().entries : 0); }

 private:
  [[nodiscard]] StoreChange change_of(const Domain& domain) const;
  [[nodiscard]] std::vector<StoreChange> take_named(std::size_t most);
  [[nodiscard]] std::vector<StoreChange> take_listed(std::size_t most);

  const PolicyCache& cache_;
  const Clock& clock_;
  std::size_t most_names_;
  std::unordered_set<Domain, DomainHash> names_;
  bool all_ = false;        // besides the names, all of the cache from cursor_ on
  std::size_t cursor_ = 0;
};

}  // namespace tlspolicyd
