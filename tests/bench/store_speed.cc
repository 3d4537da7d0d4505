// Fills a store with policies of the names all measurements use, as a daemon that fetched
// them just now, and tells how fast the store takes rows and gives them back.
//   store_speed FILE ROWS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/names.h"
#include "store/sqlite/sqlite_store.h"
#include "sts/policy.h"

using namespace tlspolicyd;

namespace {

class Silent final : public Logger {
  [[nodiscard]] bool enabled(LogLevel) const override { return true; }
  void write(LogLevel, const std::string& text) override { std::puts(text.c_str()); }
};

StoredRow row_of(int i) {
  const std::string domain = bench::Names{.first = static_cast<std::uint64_t>(i)}.at(0);
  const WallTime now = SystemClock().wall();
  return {.domain = Domain::parse(domain).value(),
          .policy = parse_policy(bench::document(domain)).policy.value(),
          .id = std::string(bench::kId),
          .fetched = now,
          .checked = now,
          .last_asked = now,
          .failure = {}};
}

void fill(Store& store, int rows) {
  for (int i = 0; i < rows;) {
    std::vector<StoreChange> changes;
    for (int n = 0; n < 1000 && i < rows; ++n, ++i) {
      StoredRow row = row_of(i);
      changes.push_back({row.domain, std::move(row)});
    }
    if (!store.write(changes)) std::abort();
  }
}

int count(Store& store) {
  int rows = 0;
  for (std::string after;;) {
    const auto page = store.page(after, 250);
    if (!page || page->empty()) return rows;
    rows += static_cast<int>(page->size());
    after = page->back().domain.text();
  }
}

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const SystemClock clock;
  Silent log;
  const int rows = std::atoi(argv[2]);
  std::unique_ptr<SqliteStore> store;
  const auto open = [&] {
    store = SqliteStore::open(argv[1], SqliteStore::Mode::read_write, {clock, log}).value().store;
  };
  open();
  std::printf("write %d rows: %.2f s\n", rows, seconds_of([&] { fill(*store, rows); }));
  store.reset();
  std::printf("open: %.2f s\n", seconds_of(open));
  int found = 0;
  const double reading = seconds_of([&] { found = count(*store); });
  std::printf("read %d rows: %.2f s\n", found, reading);
}
