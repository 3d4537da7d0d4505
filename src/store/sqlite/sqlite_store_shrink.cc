#include "store/sqlite/sqlite_store_shrink.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "cache/octet_shares.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kClasses = 3, kDays = 512;  // no max_age is longer than a year
constexpr std::int64_t kDay = 86400;
constexpr std::size_t kRowsATime = 1000;  // one commit

// What becomes of a row depends on these alone.
struct Kind {
  std::size_t worth, size, days;  // since it was asked for
  std::uint64_t octets;
};

using OctetsByDay = std::array<std::uint64_t, kDays>;

class Shrinking {
 public:
  Shrinking(SqliteDb& db, WallTime now) : db_(db), now_(now.time_since_epoch().count()) {}

  DbResult<std::size_t> run(std::uint64_t octets) {
    if (auto done = prepare(); !done) return tl::unexpected(done.error());
    if (auto done = walk([this](const Kind& kind) {
          count(kind);
          return false;
        });
        !done)
      return done;
    share_out(octets);
    return walk([this](const Kind& kind) { return goes(kind); });
  }

 private:
  DbResult<void> prepare() {
    auto select = db_.prepare(
        "SELECT domain, mode, max_age, fetched, last_asked, "
        "2 * length(domain) + length(mx) + length(text) + length(dane) + 100 "
        "FROM policy WHERE domain > ?1 ORDER BY domain LIMIT ?2");
    if (!select) return tl::unexpected(select.error());
    auto erase = db_.prepare("DELETE FROM policy WHERE domain = ?1");
    if (!erase) return tl::unexpected(erase.error());
    select_ = std::move(*select);
    erase_ = std::move(*erase);
    return {};
  }

  // Through all rows, deleting those that `gone` says.
  template <typename Gone>
  DbResult<std::size_t> walk(Gone gone) {
    std::size_t deleted = 0;
    for (std::string after;;) {
      std::vector<std::string> doomed;
      const auto rows = read(after, doomed, gone);
      if (!rows) return rows;
      if (auto done = erase(doomed); !done) return tl::unexpected(done.error());
      deleted += doomed.size();
      if (*rows < kRowsATime) return deleted;
    }
  }

  template <typename Gone>
  DbResult<std::size_t> read(std::string& after, std::vector<std::string>& doomed, Gone& gone) {
    const ResetAtEnd guard(select_.get());
    bind_text(*select_, 1, after);
    bind_number(*select_, 2, kRowsATime);
    for (std::size_t rows = 0;; ++rows) {
      const auto found = db_.step(*select_);
      if (!found) return tl::unexpected(found.error());
      if (!*found) return rows;
      const std::string_view domain = octets_at(*select_, 0);
      if (domain <= after) return tl::unexpected(DbFault{DbFault::Kind::broken, "has rows out of order"});
      after = domain;
      if (gone(kind_of_row())) doomed.push_back(after);
    }
  }

  DbResult<void> erase(const std::vector<std::string>& domains) {
    if (domains.empty()) return {};
    if (auto begun = db_.run("BEGIN IMMEDIATE"); !begun) return begun;
    DbResult<void> done;
    for (std::size_t i = 0; done && i < domains.size(); ++i) {
      bind_text(*erase_, 1, domains[i]);
      if (auto stepped = db_.step(*erase_); !stepped) done = tl::unexpected(stepped.error());
    }
    if (done) done = db_.run("COMMIT");
    if (!done) static_cast<void>(db_.run("ROLLBACK"));
    return done;
  }

  // Times may be anything in a file that others wrote.
  [[nodiscard]] std::int64_t age(int column) const {
    return now_ - std::clamp<std::int64_t>(sqlite3_column_int64(select_.get(), column), 0, now_);
  }

  [[nodiscard]] Kind kind_of_row() const {
    const bool ended = age(3) > sqlite3_column_int64(select_.get(), 2);
    const bool enforce = octets_at(*select_, 1) == "enforce";
    const auto octets = static_cast<std::uint64_t>(std::max<std::int64_t>(sqlite3_column_int64(select_.get(), 5), 0));
    return {.worth = ended     ? 0U
                     : enforce ? 2U
                               : 1U,
            .size = size_class_of(octets),
            .days = std::min<std::size_t>(static_cast<std::size_t>(age(4) / kDay), kDays - 1),
            .octets = octets};
  }

  void count(const Kind& kind) { held_[kind.worth * kSizeClasses + kind.size][kind.days] += kind.octets; }

  void share_out(std::uint64_t octets) {
    for (std::size_t worth = 0; worth < kClasses; ++worth) {
      std::vector<std::uint64_t> held;
      for (std::size_t size = 0; size < kSizeClasses; ++size) held.push_back(sum(held_[worth * kSizeClasses + size]));
      const auto shares = octet_shares(held, octets);
      for (std::size_t size = 0; size < kSizeClasses; ++size)
        take_oldest(held_[worth * kSizeClasses + size], shares[size]);
      octets -= std::min(octets, std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}));
    }
  }

  static std::uint64_t sum(const OctetsByDay& days) {
    return std::accumulate(days.begin(), days.end(), std::uint64_t{0});
  }

  // From now on each day says how much of it goes.
  static void take_oldest(OctetsByDay& days, std::uint64_t share) {
    for (std::size_t day = kDays; day-- > 0;) {
      days[day] = std::min(days[day], share);
      share -= days[day];
    }
  }

  bool goes(const Kind& kind) {
    std::uint64_t& left = held_[kind.worth * kSizeClasses + kind.size][kind.days];
    if (left == 0) return false;
    left -= std::min(left, kind.octets);
    return true;
  }

  SqliteDb& db_;
  std::int64_t now_;
  StmtPtr select_, erase_;
  std::vector<OctetsByDay> held_ = std::vector<OctetsByDay>(kClasses * kSizeClasses);
};

}  // namespace

DbResult<std::uint64_t> octets_in_use(SqliteDb& db) {
  std::array<std::int64_t, 3> numbers{};
  constexpr std::array kPragmas{"PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = db.number(kPragmas[i]);
    if (!number) return tl::unexpected(number.error());
    numbers[i] = *number;
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>(numbers[0] - numbers[1], 0) * numbers[2]);
}

DbResult<std::size_t> shrink(SqliteDb& db, std::uint64_t octets, WallTime now) {
  return Shrinking(db, now).run(octets);
}

}  // namespace tlspolicyd
