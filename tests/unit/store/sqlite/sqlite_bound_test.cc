// SqliteStore at its bound in octets.
#include <set>

#include "catch.h"
#include "store_folder.h"

using namespace tlspolicyd;

namespace {

constexpr std::uint64_t kBound = 4 << 20;

// `days`: since it was asked for.
StoredRow row_of(const std::string& domain, Mode mode, std::size_t octets, int days, const FakeTime& time) {
  StoredRow row = stored_row(domain, time.wall() - seconds(60));
  row.policy.mode = mode;
  row.policy.max_age = kMaxMaxAge;
  row.policy.mx = patterns(std::vector<std::string>(1 + octets / 32, "mx." + std::string(20, 'x') + ".d.example"));
  row.last_asked = time.wall() - seconds(86400L * days);
  return row;
}

struct Bounded : StoreFolder {
  std::unique_ptr<SqliteStore> bounded() {
    return std::move(SqliteStore::open(path, SqliteStore::Mode::read_write, {time, log, kBound})->store);
  }
};

std::size_t count_of(const std::vector<std::string>& names, const std::string& prefix) {
  return static_cast<std::size_t>(std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    return name.compare(0, prefix.size(), prefix) == 0;
  }));
}

}  // namespace

TEST_CASE("C-15 beyond its bound the store drops rows: ended ones, then the size that holds most, the oldest first") {
  Bounded f;
  const auto store = f.bounded();
  std::vector<StoreChange> changes;
  const auto add = [&](const std::string& name, Mode mode, std::size_t octets, int days) {
    changes.push_back(put(row_of(name, mode, octets, days, f.time)));
  };
  for (int i = 0; i < 20; ++i) {
    add("ended" + std::to_string(i) + ".example", Mode::enforce, 100, 0);
    changes.back().row->fetched = f.time.wall() - seconds(2 * 31'557'600L);
  }
  for (int i = 0; i < 300; ++i) add("small" + std::to_string(i) + ".example", Mode::enforce, 100, 300);
  for (int i = 0; i < 60; ++i) add("old" + std::to_string(i) + ".example", Mode::enforce, 30'000, 100);
  for (int i = 0; i < 60; ++i) add("new" + std::to_string(i) + ".example", Mode::enforce, 30'000, 1);
  REQUIRE(store->write(changes));
  for (int i = 0; i < 100 && f.log.count(LogLevel::warning, "action=dropped") == 0; ++i)
    REQUIRE(store->write({put(row_of("more" + std::to_string(i) + ".example", Mode::enforce, 30'000, 0, f.time))}));
  const auto names = names_in(*store);
  CHECK(count_of(names, "small") == 300);
  CHECK(count_of(names, "ended") == 0);
  CHECK(count_of(names, "old") < 60);
  CHECK(count_of(names, "new") == 60);
}

TEST_CASE("C-15 below its bound the store drops nothing, and it stays below") {
  Bounded f;
  const auto store = f.bounded();
  for (int i = 0; i < 400; ++i) {
    REQUIRE(store->write({put(row_of(f.name(i), Mode::enforce, 30'000, 0, f.time))}));
    if (i == 80) CHECK(f.log.count(LogLevel::warning, "action=dropped") == 0);
    if (i == 80) CHECK(names_in(*store).size() == 81);
  }
  CHECK(f.log.count(LogLevel::warning, "action=dropped") > 0);
  CHECK(names_in(*store).back() == f.name(399));
  CHECK(names_in(*store).size() > 60);
  CHECK(fs::file_size(f.path) < kBound * 5 / 4);
  store->set_max_octets(kBound / 4);
  REQUIRE(store->write({put(row_of("last.example", Mode::enforce, 100, 0, f.time))}));
  CHECK(names_in(*store).size() < 40);
}
