// What the store does not have yet: the names of entries that changed, or simply "all". Values are
// looked up in the cache only when they are taken to be written, but for those that the cache had
// to let go of before. Answer loop only.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "cache/keyed_hash.h"
#include "cache/policy_cache.h"
#include "store/store.h"

namespace tlspolicyd {

class StoreBacklog {
 public:
  // While the store fails, changes gather; this many names take about 10 MB. Beyond it
  // the names are given up and the whole cache counts as changed.
  static constexpr std::size_t kMostNames = 100'000;
  // Rows that wait to be written and are no longer in the cache.
  static constexpr std::size_t kMostKeptOctets = std::size_t{32} << 20;

  StoreBacklog(const PolicyCache& cache, const Clock& clock, std::size_t most_names = kMostNames)
      : cache_(cache), clock_(clock), most_names_(most_names) {}

  // Its entry changed or its policy has ended. False if that was too many: from now on all is to
  // be written, and rows of policies that ended stay in the store for now.
  [[nodiscard]] bool add(const Domain& domain);
  // An operator's wish: never given up.
  [[nodiscard]] bool forget(const Domain& domain);
  // All that the cache holds.
  void add_all();

  // The cache lets go of an entry that is live. Kept here where it is not written yet; false where
  // there is no room for that, so that the store keeps the row that it has.
  [[nodiscard]] bool keep(const Entry& entry);
  [[nodiscard]] const StoredRow* kept(const Domain& domain) const;
  void drop_kept();

  // The next changes, at most `most`, in the state that the cache is in now. May come
  // back empty while not empty().
  [[nodiscard]] std::vector<StoreChange> take(std::size_t most);
  // What became of them.
  void written(const std::vector<StoreChange>& changes);
  [[nodiscard]] bool give_back(const std::vector<StoreChange>& changes);

  [[nodiscard]] bool holds(const Domain& domain) const { return names_.count(domain) != 0 || kept(domain) != nullptr; }
  [[nodiscard]] bool empty() const { return names_.empty() && kept_.empty() && !all_; }
  [[nodiscard]] std::size_t size() const {
    return std::max(names_.size(), kept_.size()) + (all_ ? cache_.census().entries : 0);
  }

 private:
  using Names = std::unordered_set<Domain, DomainHash>;

  [[nodiscard]] StoreChange change_of(const Domain& domain);
  [[nodiscard]] std::optional<StoredRow> take_kept(const Domain& domain);
  [[nodiscard]] bool keep(StoredRow row);
  [[nodiscard]] std::vector<StoreChange> take_named(std::size_t most);
  [[nodiscard]] std::vector<StoreChange> take_listed(std::size_t most);

  const PolicyCache& cache_;
  const Clock& clock_;
  std::size_t most_names_;
  Names names_;
  Names forgotten_;  // not yet written; those that wait are in names_, too
  std::unordered_map<Domain, StoredRow, DomainHash> kept_;
  std::size_t kept_octets_ = 0;
  bool all_ = false;  // besides the names, all of the cache from cursor_ on
  std::size_t cursor_ = 0;
};

}  // namespace tlspolicyd
