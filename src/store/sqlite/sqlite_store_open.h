// How the store's file is opened, whatever state it was left in. No statements yet.
#pragma once

#include <string>

#include "store/sqlite/sqlite_store_db.h"

namespace tlspolicyd {

struct WritableDb {
  SqliteDb db;
  SqliteDb syncer;  // a second connection, for one more thread; to be closed first
};

struct ReadableDb {
  SqliteDb db;
  int version;  // of the schema
};

// In WAL mode, with the schema of today. `create`: makes the file
// where there is none.
[[nodiscard]] DbResult<WritableDb> open_writable_db(const std::string& path, bool create);
// Makes no files, waits for nobody, changes nothing; sees what a crash left in the log.
[[nodiscard]] DbResult<ReadableDb> open_readable_db(const std::string& path);
// Sees what another process writes. Changes no content, but may make the log and its index.
[[nodiscard]] DbResult<ReadableDb> open_db_beside_writer(const std::string& path);

}  // namespace tlspolicyd
