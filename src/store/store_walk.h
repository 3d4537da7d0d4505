// Through all of the store, page by page, in the background. Answer loop only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/store_lane.h"
#include "store/store_trouble.h"

namespace tlspolicyd {

class StoreWalk {
 public:
  // Rows taken up in one turn of the loop: about a millisecond.
  static constexpr std::size_t kRowsPerPage = 250;

  using OnPage = std::function<void(std::vector<StoredRow>)>;

  // `trouble` outlives this object; its owner calls next() when it is time to try again.
  // `on_failed` after each failure.
  StoreWalk(StoreLane& lane, StoreTrouble& trouble, std::function<void()> on_failed)
      : lane_(lane), trouble_(trouble), on_failed_(std::move(on_failed)) {}

  // From the first row on; each next() asks for one page. An empty page is the end.
  void start(OnPage on_page);
  void stop();
  // Does nothing where there is no walk, or a page is under way, or a pause.
  void next();

  [[nodiscard]] bool page_under_way() const { return page_under_way_; }

 private:
  void on_read(unsigned walk, Result<std::vector<StoredRow>> page);

  StoreLane& lane_;
  StoreTrouble& trouble_;
  std::function<void()> on_failed_;
  OnPage on_page_;      // empty: no walk
  unsigned walks_ = 0;  // tells the pages of a stopped walk from those of the next
  bool page_under_way_ = false;
  std::string after_;  // the last domain read
};

}  // namespace tlspolicyd
