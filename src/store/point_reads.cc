#include "store/point_reads.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {

Ticket PointReads::get(const Domain& domain, Got done) {
  const auto read = std::make_shared<Read>(Read{std::move(done)});
  reads_.emplace(domain, read);
  lane_.ask([domain](Store& store) { return store.get(domain); },
            [this, domain, read](Result<std::optional<StoredRow>> row) { on_read(domain, read, std::move(row)); });
  return Ticket([read] { read->done = nullptr; });
}

Ticket PointReads::get_known(std::optional<StoredRow> row, Got done) {
  const auto read = std::make_shared<Read>(Read{std::move(done)});
  lane_.later([read, row = std::move(row)] {
    if (const auto tell = std::exchange(read->done, nullptr)) tell(row);
  });
  return Ticket([read] { read->done = nullptr; });
}

void PointReads::outdate(const Domain& domain) {
  const auto [first, last] = reads_.equal_range(domain);
  for (auto read = first; read != last; ++read) read->second->outdated = true;
}

void PointReads::outdate_all() {
  for (auto& [domain, read] : reads_) read->outdated = true;
}

void PointReads::on_read(const Domain& domain, const std::shared_ptr<Read>& read,
                         Result<std::optional<StoredRow>> row) {
  const auto [first, last] = reads_.equal_range(domain);
  reads_.erase(std::find_if(first, last, [&](const auto& one) { return one.second == read; }));
  if (row) trouble_.succeeded(true);
  else trouble_.failed(row.error().text);
  const bool counts = row && !read->outdated && !outdated_(domain);
  if (counts) seen_(domain, *row);
  if (const auto tell = std::exchange(read->done, nullptr)) tell(counts ? std::move(*row) : std::nullopt);
}

}  // namespace tlspolicyd
