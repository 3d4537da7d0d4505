#include "store/store_walk.h"

#include <utility>

namespace tlspolicyd {

void StoreWalk::start(OnPage on_page) {
  stop();
  on_page_ = std::move(on_page);
  after_.clear();
  next();
}

void StoreWalk::stop() {
  ++walks_;
  page_under_way_ = false;
  on_page_ = nullptr;
}

void StoreWalk::next() {
  if (!on_page_ || page_under_way_ || trouble_.pausing()) return;
  page_under_way_ = true;
  lane_.ask([after = after_](Store& store) { return store.page(after, kRowsPerPage); },
            [this, walk = walks_](Result<std::vector<StoredRow>> page) { on_read(walk, std::move(page)); });
}

void StoreWalk::on_read(unsigned walk, Result<std::vector<StoredRow>> page) {
  if (walk != walks_) return;
  page_under_way_ = false;
  if (!page) {
    trouble_.failed(page.error().text);
    return on_failed_();
  }
  trouble_.succeeded(true);
  if (!page->empty()) {
    after_ = page->back().domain.text();
    const OnPage tell = on_page_;  // it may stop the walk
    return tell(std::move(*page));
  }
  const OnPage at_end = std::exchange(on_page_, nullptr);
  at_end({});
}

}  // namespace tlspolicyd
