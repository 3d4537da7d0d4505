// Keeps the store below its bound, which is a matter of rows that memory does not hold: those go
// that are worth least. Blocking.
#pragma once

#include "base/clock.h"
#include "store/sqlite/sqlite_store_db.h"

namespace tlspolicyd {

// Octets in use; the file keeps what was freed for what comes.
[[nodiscard]] DbResult<std::uint64_t> octets_in_use(SqliteDb& db);

// Deletes rows of about so many octets: policies that ended first, then live mode none and testing,
// live enforce last; within a class the size class that holds most octets gives, the least recently
// asked first, to a day. How many there were.
[[nodiscard]] DbResult<std::size_t> shrink(SqliteDb& db, std::uint64_t octets, WallTime now);

}  // namespace tlspolicyd
