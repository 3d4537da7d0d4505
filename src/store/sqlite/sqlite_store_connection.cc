#include "store/sqlite/sqlite_store_connection.h"

#include <array>

#include "store/sqlite/sqlite_store_open.h"
#include "store/sqlite/sqlite_store_rows.h"
#include "store/sqlite/sqlite_store_schema.h"
#include "store/sqlite/sqlite_store_shrink.h"

namespace tlspolicyd {
namespace {

// Pages of the log. A long one is copied into the file at the next sync. That empties it only
// where nothing is written meanwhile: one that grows longer still is copied by a commit itself.
constexpr int kLongLog = 1000;
constexpr int kLongestLog = 4096;

}  // namespace

SqliteConnection::Made SqliteConnection::open_writable(const std::string& path, bool create) {
  auto opened = open_writable_db(path, create);
  if (!opened) return tl::unexpected(opened.error());
  return prepared(std::move(opened->db), std::move(opened->syncer), kSchemaVersion);
}

SqliteConnection::Made SqliteConnection::open_readable(const std::string& path) {
  auto opened = open_readable_db(path);
  if (!opened) return tl::unexpected(opened.error());
  return prepared(std::move(opened->db), std::nullopt, opened->version);
}

SqliteConnection::Made SqliteConnection::open_beside_writer(const std::string& path) {
  auto opened = open_db_beside_writer(path);
  if (!opened) return tl::unexpected(opened.error());
  return prepared(std::move(opened->db), std::nullopt, opened->version);
}

SqliteConnection::Made SqliteConnection::prepared(SqliteDb db, std::optional<SqliteDb> syncer, int version) {
  auto made = std::make_unique<SqliteConnection>(std::move(db), std::move(syncer));
  if (made->writable()) sqlite3_wal_hook(&made->db_.handle(), &SqliteConnection::on_commit, made.get());
  const std::string page = select_rows(version, "WHERE domain > ?1 ORDER BY domain");
  const std::string get = select_rows(version, "WHERE domain = ?1");
  const std::array<std::pair<StmtPtr*, std::string>, 4> statements{
      {{&made->page_, page},
       {&made->get_, get},
       {&made->put_, insert_row()},
       {&made->erase_, "DELETE FROM policy WHERE domain = ?1"}}};
  for (const auto& [statement, sql] : statements) {
    if (!made->writable() && (statement == &made->put_ || statement == &made->erase_)) continue;
    auto ready = made->db_.prepare(sql.c_str());
    if (!ready) return tl::unexpected(ready.error());
    *statement = std::move(*ready);
  }
  return made;
}

DbResult<void> SqliteConnection::write(const std::vector<StoreChange>& changes) {
  if (auto begun = db_.run("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = apply(changes);
  if (done) done = db_.run("COMMIT");
  if (!done) static_cast<void>(db_.run("ROLLBACK"));
  return done;
}

DbResult<void> SqliteConnection::apply(const std::vector<StoreChange>& changes) {
  for (const StoreChange& change : changes) {
    sqlite3_stmt& statement = change.row ? *put_ : *erase_;
    if (change.row) bind_row(statement, *change.row);
    else bind_text(statement, 1, change.domain.text());
    if (auto done = db_.step(statement); !done) return tl::unexpected(done.error());
  }
  return {};
}

// Once all of the log is in the file the next commit begins the log anew, and waits for a sync:
// so not more often than need be. After a failure a system may take what it could not write of the
// log for written: the file gets it.
DbResult<void> SqliteConnection::sync() {
  const bool copying = log_damaged_ || log_pages_ >= kLongLog;
  auto done = copying ? syncer_->copy_log() : syncer_->sync_log();
  log_damaged_ = !done;
  return done;
}

int SqliteConnection::on_commit(void* self, sqlite3*, const char*, int pages) {
  auto& connection = *static_cast<SqliteConnection*>(self);
  connection.log_pages_ = pages;
  if (pages >= kLongestLog) static_cast<void>(connection.db_.copy_log());
  return SQLITE_OK;
}

// Looking through all rows takes seconds, so not for each commit beyond the bound.
DbResult<std::size_t> SqliteConnection::bound(std::uint64_t octets, WallTime now) {
  const auto used = octets_in_use(db_);
  if (!used) return tl::unexpected(used.error());
  if (*used <= octets) return 0;
  return shrink(db_, *used - octets + octets / 10, now);
}

DbResult<std::size_t> SqliteConnection::erase_all() {
  if (auto done = db_.run("DELETE FROM policy"); !done) return tl::unexpected(done.error());
  return static_cast<std::size_t>(sqlite3_changes(&db_.handle()));
}

DbResult<std::optional<StoredRow>> SqliteConnection::get(const Domain& domain) {
  const ResetAtEnd guard(get_.get());
  bind_text(*get_, 1, domain.text());
  const auto found = db_.step(*get_);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  auto row = read_row(*get_);
  if (row && row->domain == domain) return std::optional(std::move(*row));
  skip(*get_, row ? Error{"domain is not the one asked for"} : row.error());
  return std::nullopt;
}

// Keys that do not ascend mean a broken tree, and a walk that might never end. SQLite does not
// look for that while it reads; it is SQLITE_CORRUPT all the same.
DbResult<std::vector<StoredRow>> SqliteConnection::page(const std::string& after, std::size_t most) {
  const ResetAtEnd guard(page_.get());
  bind_text(*page_, 1, after);
  std::vector<StoredRow> rows;
  std::string last = after;
  while (rows.size() < most) {
    const auto found = db_.step(*page_);
    if (!found) return tl::unexpected(found.error());
    if (!*found) break;
    const std::string_view key = octets_at(*page_, 0);
    if (key <= last) return tl::unexpected(DbFault{DbFault::Kind::broken, "has rows out of order"});
    last = key;
    if (auto row = read_row(*page_)) rows.push_back(std::move(*row));
    else skip(*page_, row.error());
  }
  return rows;
}

void SqliteConnection::skip(sqlite3_stmt& statement, const Error& why) {
  ++skipped_;
  last_skipped_ = std::string(octets_at(statement, 0)) + ": " + why.text;
}

}  // namespace tlspolicyd
