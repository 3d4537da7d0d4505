#include "store/sqlite/sqlite_store_schema.h"

#include "store/sqlite/sqlite_store_rows.h"

namespace tlspolicyd {
namespace {

// Octets that strangers published are blobs: they need not be text.
constexpr const char* kCreate = R"(
  CREATE TABLE policy (
    domain TEXT NOT NULL PRIMARY KEY,
    mode TEXT NOT NULL,
    max_age INTEGER NOT NULL,
    mx TEXT NOT NULL,
    id TEXT NOT NULL,
    text BLOB NOT NULL,
    fetched INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    last_asked INTEGER NOT NULL,
    failure_result TEXT,
    failure_in_txt INTEGER,
    failure_since INTEGER,
    failure_count INTEGER,
    failure_detail BLOB,
    dane TEXT NOT NULL DEFAULT ''
  ) STRICT, WITHOUT ROWID)";

// steps[n] leads from version n + 1 to version n + 2.
constexpr const char* kSteps[] = {
    // Version 1 did not know when a domain was last asked for, nor where it failed.
    "ALTER TABLE policy ADD COLUMN last_asked INTEGER NOT NULL DEFAULT 0;"
    "UPDATE policy SET last_asked = checked;"
    "ALTER TABLE policy ADD COLUMN failure_in_txt INTEGER;"
    "UPDATE policy SET failure_in_txt = 0 WHERE failure_result IS NOT NULL;",
    // Version 2 knew nothing of DANE.
    "ALTER TABLE policy ADD COLUMN dane TEXT NOT NULL DEFAULT '';",
};
static_assert(std::size(kSteps) == kSchemaVersion - 1);

tl::unexpected<DbFault> refuse(std::string text) {
  return tl::unexpected(DbFault{DbFault::Kind::refused, std::move(text)});
}

DbResult<void> all_of(SqliteDb& db, std::initializer_list<std::string> statements) {
  for (const std::string& statement : statements)
    if (auto done = db.run(statement.c_str()); !done) return done;
  return {};
}

DbResult<void> create(SqliteDb& db) {
  return all_of(db, {kCreate, "PRAGMA application_id = " + std::to_string(kApplicationId)});
}

DbResult<void> migrate(SqliteDb& db, int version) {
  for (; version < kSchemaVersion; ++version)
    if (auto done = db.run(kSteps[version - 1]); !done) return done;
  return {};
}

// A damaged schema can be sound SQL and lack a column, or have one that nothing can be written to: better found before
// anything is changed.
DbResult<void> check_columns(SqliteDb& db) {
  for (const std::string& statement : {select_rows(kSchemaVersion, ""), insert_row()})
    if (const auto ready = db.prepare(statement.c_str()); !ready) return tl::unexpected(ready.error());
  return {};
}

// Within a transaction: nobody else does the same meanwhile, and a crash leaves the old.
DbResult<void> update(SqliteDb& db) {
  const auto version = version_of(db);
  if (!version) return tl::unexpected(version.error());
  auto done = *version == 0 ? create(db) : migrate(db, *version);
  if (!done) return done;
  if (auto whole = check_columns(db); !whole) return whole;
  return all_of(db, {"PRAGMA user_version = " + std::to_string(kSchemaVersion), "COMMIT"});
}

}  // namespace

DbResult<void> configure(SqliteDb& db) {
  constexpr int kBusyPatience = 5000;  // ms: as long as another process may hold the lock
  sqlite3_busy_timeout(&db.handle(), kBusyPatience);
  for (const int forbidden :
       {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA})
    sqlite3_db_config(&db.handle(), forbidden, 0, nullptr);
  return all_of(db, {"PRAGMA cell_size_check = ON", "PRAGMA synchronous = NORMAL", "PRAGMA temp_store = MEMORY",
                     "PRAGMA cache_size = -1024",               // KiB
                     "PRAGMA journal_size_limit = 16777216"});  // after a burst the log shrinks again
}

DbResult<int> version_of(SqliteDb& db) {
  const auto application = db.number("PRAGMA application_id");
  if (!application) return tl::unexpected(application.error());
  const auto version = db.number("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  const auto tables = db.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(tables.error());
  if (*application == 0 && *version == 0 && *tables == 0) return 0;
  if (*application != kApplicationId) return refuse("is the database of another program");
  if (*version > kSchemaVersion)
    return refuse("has schema version " + std::to_string(*version) + ", and this tlspolicyd knows " +
                  std::to_string(kSchemaVersion) +
                  " at most: it is left alone; use the newer tlspolicyd, "
                  "or another file");
  if (*version < 1 || *tables == 0) return refuse("has no schema any more: move it away and restart the daemon");
  return static_cast<int>(*version);
}

DbResult<void> bring_up_to_date(SqliteDb& db) {
  const auto version = version_of(db);
  if (!version) return tl::unexpected(version.error());
  if (*version == kSchemaVersion) return check_columns(db);
  if (auto begun = db.run("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = update(db);
  if (!done) static_cast<void>(db.run("ROLLBACK"));
  return done;
}

std::string select_rows(int version, const char* tail) {
  constexpr const char* kV1 =
      "domain, mode, max_age, mx, id, text, fetched, checked, checked, "
      "failure_result, 0, failure_since, failure_count, failure_detail, ''";
  constexpr const char* kV2 =
      "domain, mode, max_age, mx, id, text, fetched, checked, last_asked, "
      "failure_result, failure_in_txt, failure_since, failure_count, failure_detail, ''";
  const char* const columns = version == 1 ? kV1 : version == 2 ? kV2 : kRowColumns;
  return std::string("SELECT ") + columns + " FROM policy " + tail;
}

std::string insert_row() {
  return std::string("INSERT OR REPLACE INTO policy (") + kRowColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
}

}  // namespace tlspolicyd
