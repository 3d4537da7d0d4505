// The versions of the store's file and the way from each to the next.
#pragma once

#include <string>

#include "store/sqlite/sqlite_store_db.h"

namespace tlspolicyd {

inline constexpr int kSchemaVersion = 3;
inline constexpr int kApplicationId = 0x746c7370;  // "tlsp": no other program's database

// For this process only: durability, bounds, and no code from a hostile file.
[[nodiscard]] DbResult<void> configure(SqliteDb& db);

// Makes the schema in an empty file; brings an older one up to date in one transaction;
// refuses a newer one and other programs' files.
[[nodiscard]] DbResult<void> bring_up_to_date(SqliteDb& db);

// The version of a file that is ours and not newer; 0 if it is empty.
[[nodiscard]] DbResult<int> version_of(SqliteDb& db);

// Reads whole rows of a file of that version in the order of kRowColumns; `tail` follows
// the table's name.
[[nodiscard]] std::string select_rows(int version, const char* tail);

// Writes a whole row, its parameters in the order of kRowColumns.
[[nodiscard]] std::string insert_row();

}  // namespace tlspolicyd
