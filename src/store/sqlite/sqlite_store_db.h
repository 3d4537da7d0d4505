// SQLite as values: a connection, its statements, and what went wrong. No schema, no
// policy. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/c_ptr.h"

namespace tlspolicyd {

struct DbFault {
  enum class Kind : std::uint8_t {
    failed,   // now: full, read-only, locked, missing
    broken,   // the content of the file: SQLITE_CORRUPT, SQLITE_NOTADB
    refused,  // the file is sound but not for us
  };
  Kind kind = Kind::failed;
  std::string text;
};

template <typename T>
using DbResult = tl::expected<T, DbFault>;

using DbPtr = CPtr<sqlite3, sqlite3_close_v2>;
using StmtPtr = CPtr<sqlite3_stmt, sqlite3_finalize>;

class SqliteDb {
 public:
  // A `name` that begins with "file:" is a URI. `vfs` null: the usual one.
  [[nodiscard]] static DbResult<SqliteDb> open(const std::string& name, int flags, const char* vfs = nullptr);

  // All statements in `sql`; rows are dropped.
  [[nodiscard]] DbResult<void> run(const char* sql);
  // The first column of the first row.
  [[nodiscard]] DbResult<std::int64_t> number(const char* sql);
  [[nodiscard]] DbResult<StmtPtr> prepare(const char* sql) const;

  // True if there is a row. After an error or the last row the statement is reset.
  [[nodiscard]] DbResult<bool> step(sqlite3_stmt& statement) const;

  // All of WAL's log is on the disk.
  [[nodiscard]] DbResult<void> sync_log() const;
  // So it is, and copied into the file as far as can be without waiting, which is on the disk, too.
  [[nodiscard]] DbResult<void> copy_log() const;

  // What the last call that failed has to say.
  [[nodiscard]] DbFault fault() const;
  // Somebody moved or removed the file meanwhile.
  [[nodiscard]] bool file_moved() const;
  [[nodiscard]] sqlite3& handle() const { return *db_; }

 private:
  explicit SqliteDb(DbPtr db) : db_(std::move(db)) {}
  DbPtr db_;
};

// Resets a statement at the end of the scope, so that no read lock outlives its use.
using ResetAtEnd = CPtr<sqlite3_stmt, sqlite3_reset>;

void bind_text(sqlite3_stmt& statement, int place, std::string_view text);  // copied
void bind_number(sqlite3_stmt& statement, int place, std::int64_t number);
void bind_blob(sqlite3_stmt& statement, int place, std::string_view octets);  // copied

// The octets of a text or blob; empty for anything else.
[[nodiscard]] std::string_view octets_at(sqlite3_stmt& statement, int column);

}  // namespace tlspolicyd
