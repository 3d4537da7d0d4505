// Rows of the policy table and what they mean. Whatever comes from the disk is hostile:
// each column is judged as if it had just been fetched.
#pragma once

#include "base/result.h"
#include "store/sqlite/sqlite_store_db.h"
#include "store/store.h"

namespace tlspolicyd {

// The order of the columns in every statement that reads or writes whole rows.
inline constexpr const char* kRowColumns =
    "domain, mode, max_age, mx, id, text, fetched, checked, last_asked, "
    "failure_result, failure_in_txt, failure_since, failure_count, failure_detail, dane";
inline constexpr int kRowColumnCount = 15;

// The row under the cursor, or which column is wrong. A failure record or DANE status that
// makes no sense is left out; the policy still counts.
[[nodiscard]] Result<StoredRow> read_row(sqlite3_stmt& statement);

// To the places 1 to kRowColumnCount.
void bind_row(sqlite3_stmt& statement, const StoredRow& row);

}  // namespace tlspolicyd
