#include "cache/sqlite_store_salvage.h"

#include <unistd.h>

#include <deque>

#include "cache/sqlite_store_connection.h"
#include "cache/sqlite_store_rows.h"
#include "cache/sqlite_store_schema.h"
#include "cache/store_files.h"

namespace tlspolicyd {
namespace {

// The octets of domain names in their order, and one beyond them.
constexpr std::string_view kOctets = "-.0123456789abcdefghijklmnopqrstuvwxyz";
constexpr char kBeyond = '\x7f';

// A read that fails costs some page reads. Enough to fence in many broken pages; a file
// that is broken all over is given up.
constexpr int kMostFailures = 5000;

// Rows copied between two looks at how many there are: one transaction's worth.
constexpr std::size_t kBatch = 1000;

// The names that begin with `prefix` and come after `after`.
struct Range {
  std::string prefix, after;
};

// Reads range by range. Where a range breaks off, what lies beyond is tried by longer
// prefixes, widest ranges first, until only the broken pages themselves are missing.
class Rescue {
 public:
  Rescue(SqliteDb& from, SqliteConnection& to) : from_(from), to_(to) {}

  // Fails only where the new file cannot be written.
  DbResult<std::size_t> run() {
    for (const int version : {kSchemaVersion, 1}) {
      const std::string sql = select_rows(version, "WHERE domain > ?1 AND domain < ?2 ORDER BY domain");
      auto statement = from_.prepare(sql.c_str());
      if (!statement) continue;
      select_ = std::move(*statement);
      break;
    }
    if (!select_) return 0;
    for (ranges_.push_back({}); !ranges_.empty() && failures_ < kMostFailures; ranges_.pop_front())
      if (auto done = read(ranges_.front()); !done) return tl::unexpected(done.error());
    return written_;
  }

 private:
  DbResult<void> read(Range range) {
    const ResetAtEnd guard(select_.get());
    bind_text(*select_, 1, range.after);
    bind_text(*select_, 2, range.prefix + kBeyond);
    for (;;) {
      const auto found = from_.step(*select_);
      if (found && !*found) return flush();
      if (!found || octets_at(*select_, 0) <= range.after) break;
      range.after = octets_at(*select_, 0);
      if (auto done = take(); !done) return done;
    }
    ++failures_;
    divide(range);
    return flush();
  }

  void divide(const Range& range) {
    if (range.prefix.size() >= kDeepest) return;
    for (const char octet : kOctets) {
      const std::string prefix = range.prefix + octet;
      if (prefix + kBeyond > range.after) ranges_.push_back({prefix, std::max(prefix, range.after)});
    }
  }

  DbResult<void> take() {
    auto row = read_row(*select_);
    if (!row) return {};
    const Domain domain = row->domain;
    batch_.push_back({domain, std::move(*row)});
    return batch_.size() < kBatch ? DbResult<void>() : flush();
  }

  DbResult<void> flush() {
    auto done = to_.write(batch_);
    written_ += batch_.size();
    batch_.clear();
    return done;
  }

  static constexpr std::size_t kDeepest = 12;  // octets of a prefix

  SqliteDb& from_;
  SqliteConnection& to_;
  StmtPtr select_;
  std::deque<Range> ranges_;
  std::vector<StoreChange> batch_;
  std::size_t written_ = 0;
  int failures_ = 0;
};

// Reads what can be read: also a file that is shorter than its header says.
DbResult<SqliteDb> open_broken(const std::string& path) {
  auto db = SqliteDb::open(path, SQLITE_OPEN_READONLY);
  if (!db) return db;
  sqlite3_db_config(&db->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  static_cast<void>(configure(*db));
  static_cast<void>(db->run("PRAGMA writable_schema = ON"));
  return db;
}

DbResult<std::size_t> rescue(const std::string& path) {
  static_cast<void>(::unlink(salvage_path(path).c_str()));
  if (const auto made = make_file(salvage_path(path), path); !made)
    return tl::unexpected(DbFault{DbFault::Kind::failed, made.error().text});
  const auto to = SqliteConnection::open_writable(salvage_path(path), false);
  if (!to) return tl::unexpected(to.error());
  auto from = open_broken(path);
  if (!from) return 0;
  const auto rows = Rescue(*from, **to).run();
  if (!rows) return rows;
  if (auto done = (*to)->empty_log(); !done) return tl::unexpected(done.error());
  return rows;
}

}  // namespace

DbResult<Salvaged> salvage(const std::string& path, WallTime now) {
  const auto rows = rescue(path);
  if (!rows) return tl::unexpected(rows.error());
  const auto moved_to = replace_broken(path, now);
  if (!moved_to) return tl::unexpected(DbFault{DbFault::Kind::failed, moved_to.error().text});
  return Salvaged{*rows, *moved_to};
}

}  // namespace tlspolicyd
