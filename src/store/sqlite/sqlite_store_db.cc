#include "store/sqlite/sqlite_store_db.h"

#include <cerrno>
#include <cstring>

namespace tlspolicyd {
namespace {

DbFault::Kind kind_of(int code) {
  const int primary = code & 0xff;
  const bool broken = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  return broken ? DbFault::Kind::broken : DbFault::Kind::failed;
}

// Without it the message of a full or read-only disk says too little.
std::string system_reason(sqlite3& db, int code) {
  const int number = sqlite3_system_errno(&db);
  const int primary = code & 0xff;
  const bool from_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
  return number != 0 && from_system ? std::string(" (") + std::strerror(number) + ")" : "";
}

}  // namespace

DbResult<SqliteDb> SqliteDb::open(const std::string& name, int flags, const char* vfs) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &opened,
                                   flags | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, vfs);
  DbPtr owner(opened);  // also after a failure
  if (!owner) return tl::unexpected(DbFault{DbFault::Kind::failed, "no memory for it"});
  SqliteDb db(std::move(owner));
  if (code != SQLITE_OK) return tl::unexpected(db.fault());
  return db;
}

DbResult<void> SqliteDb::run(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return tl::unexpected(fault());
}

DbResult<std::int64_t> SqliteDb::number(const char* sql) {
  const auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = step(**statement);
  if (!row) return tl::unexpected(row.error());
  return *row ? sqlite3_column_int64(statement->get(), 0) : 0;
}

DbResult<StmtPtr> SqliteDb::prepare(const char* sql) const {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (code == SQLITE_OK) return StmtPtr(made);
  DbFault why = fault();
  if (code != SQLITE_ERROR) return tl::unexpected(std::move(why));
  return tl::unexpected(DbFault{DbFault::Kind::refused, "lacks what the schema of its version has: " + why.text +
                                                            "; move it away and restart the daemon"});
}

DbResult<bool> SqliteDb::step(sqlite3_stmt& statement) const {
  const int code = sqlite3_step(&statement);
  if (code == SQLITE_ROW) return true;
  DbResult<bool> result = false;
  if (code != SQLITE_DONE) result = tl::unexpected(fault());
  sqlite3_reset(&statement);
  return result;
}

DbResult<void> SqliteDb::sync_log() const {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log == nullptr || log->pMethods == nullptr) return {};
  const int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  if (code == SQLITE_OK) return {};
  return tl::unexpected(DbFault{kind_of(code), std::string(sqlite3_errstr(code)) + " (" + std::strerror(errno) + ")"});
}

// Busy: somebody does the same now.
DbResult<void> SqliteDb::copy_log() const {
  const int code = sqlite3_wal_checkpoint_v2(db_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
  return tl::unexpected(fault());
}

DbFault SqliteDb::fault() const {
  const int code = sqlite3_extended_errcode(db_.get());
  return {kind_of(code), sqlite3_errmsg(db_.get()) + system_reason(*db_, code)};
}

bool SqliteDb::file_moved() const {
  int moved = 0;
  sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

void bind_text(sqlite3_stmt& statement, int place, std::string_view text) {
  sqlite3_bind_text(&statement, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void bind_number(sqlite3_stmt& statement, int place, std::int64_t number) {
  sqlite3_bind_int64(&statement, place, number);
}

void bind_blob(sqlite3_stmt& statement, int place, std::string_view octets) {
  const char* const data = octets.empty() ? "" : octets.data();  // null would bind NULL
  sqlite3_bind_blob(&statement, place, data, static_cast<int>(octets.size()), SQLITE_TRANSIENT);
}

std::string_view octets_at(sqlite3_stmt& statement, int column) {
  const int type = sqlite3_column_type(&statement, column);
  if (type != SQLITE_TEXT && type != SQLITE_BLOB) return {};
  const auto* data = static_cast<const char*>(sqlite3_column_blob(&statement, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(&statement, column))};
}

}  // namespace tlspolicyd
