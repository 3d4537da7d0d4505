// Reads of single rows under way. A row whose domain changes meanwhile no longer
// counts. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "cache/keyed_hash.h"
#include "store/store_lane.h"
#include "store/store_trouble.h"
#include "event/ticket.h"

namespace tlspolicyd {

class PointReads {
 public:
  using Got = std::function<void(std::optional<StoredRow>)>;
  using Outdated = std::function<bool(const Domain&)>;
  using Seen = std::function<void(const Domain&, std::optional<StoredRow>&)>;

  // `outdated`: asked when a row arrives; true if newer is known. `seen`: what the store has,
  // of each read that counts; it may correct the row. The other two outlive this object.
  PointReads(StoreLane& lane, StoreTrouble& trouble, Outdated outdated, Seen seen)
      : lane_(lane), trouble_(trouble), outdated_(std::move(outdated)), seen_(std::move(seen)) {}

  [[nodiscard]] Ticket get(const Domain& domain, Got done);
  // The same for a name of which the row, or that there is none, is known already.
  [[nodiscard]] Ticket get_known(std::optional<StoredRow> row, Got done);

  void outdate(const Domain& domain);
  void outdate_all();

 private:
  struct Read {
    Got done;  // empty: nobody waits any more
    bool outdated = false;
  };
  using Reads = std::unordered_multimap<Domain, std::shared_ptr<Read>, DomainHash>;

  void on_read(const Domain& domain, const std::shared_ptr<Read>& read, Result<std::optional<StoredRow>> row);

  StoreLane& lane_;
  StoreTrouble& trouble_;
  Outdated outdated_;
  Seen seen_;
  Reads reads_;
};

}  // namespace tlspolicyd
