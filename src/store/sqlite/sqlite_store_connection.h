// One connection to the store's file with its statements: what SqliteStore does while
// all goes well. The caller closes and repairs. One thread at a time, but for sync().
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/sqlite_store_db.h"
#include "store/store.h"

namespace tlspolicyd {

class SqliteConnection {
 public:
  using Made = DbResult<std::unique_ptr<SqliteConnection>>;

  // Use the functions below.
  SqliteConnection(SqliteDb db, std::optional<SqliteDb> syncer) : db_(std::move(db)), syncer_(std::move(syncer)) {}

  // By open_writable_db(), open_readable_db() and open_db_beside_writer().
  [[nodiscard]] static Made open_writable(const std::string& path, bool create);
  [[nodiscard]] static Made open_readable(const std::string& path);
  [[nodiscard]] static Made open_beside_writer(const std::string& path);

  [[nodiscard]] DbResult<void> write(const std::vector<StoreChange>& changes);
  [[nodiscard]] DbResult<std::size_t> erase_all();
  // Where more than so many octets are in use, a tenth of them is freed. How many rows went.
  [[nodiscard]] DbResult<std::size_t> bound(std::uint64_t octets, WallTime now);
  // All that was committed is durable. On any one thread, at any time; no commit waits for it.
  [[nodiscard]] DbResult<void> sync();
  [[nodiscard]] DbResult<std::optional<StoredRow>> get(const Domain& domain);
  [[nodiscard]] DbResult<std::vector<StoredRow>> page(const std::string& after, std::size_t most);

  [[nodiscard]] bool writable() const { return syncer_.has_value(); }
  [[nodiscard]] bool file_moved() const { return db_.file_moved(); }
  // Rows passed over because they made no sense, and what was wrong with the last one.
  [[nodiscard]] std::size_t skipped() const { return skipped_; }
  [[nodiscard]] const std::string& last_skipped() const { return last_skipped_; }

 private:
  [[nodiscard]] static Made prepared(SqliteDb db, std::optional<SqliteDb> syncer, int version);
  [[nodiscard]] DbResult<void> apply(const std::vector<StoreChange>& changes);
  static int on_commit(void* self, sqlite3* db, const char* name, int pages);
  void skip(sqlite3_stmt& statement, const Error& why);

  SqliteDb db_;
  StmtPtr page_, get_, put_, erase_;
  std::size_t skipped_ = 0;
  std::string last_skipped_;
  std::atomic<int> log_pages_ = 0;
  bool log_damaged_ = false;        // sync()'s own
  std::optional<SqliteDb> syncer_;  // last: closed first, so that db_ empties the log
};

}  // namespace tlspolicyd
