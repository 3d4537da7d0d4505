#include "store/sqlite/sqlite_store_open.h"

#include <filesystem>

#include "store/sqlite/sqlite_store_schema.h"
#include "store/sqlite/store_files.h"

namespace tlspolicyd {
namespace {

// Only the daemon makes a schema: an empty file that somebody else finds is no store.
DbResult<int> version_of_content(SqliteDb& db) {
  auto version = version_of(db);
  if (version && *version == 0) return tl::unexpected(DbFault{DbFault::Kind::failed, "is empty"});
  return version;
}

DbResult<void> make_ready(SqliteDb& db, bool create) {
  if (sqlite3_db_readonly(&db.handle(), "main") == 1)
    return tl::unexpected(DbFault{DbFault::Kind::failed, "is not writable for this user"});
  if (auto done = configure(db); !done) return done;
  if (const auto version = create ? version_of(db) : version_of_content(db); !version)
    return tl::unexpected(version.error());
  if (auto done = bring_up_to_date(db); !done) return done;
  return db.run("PRAGMA journal_mode = WAL");
}

// Percent-encodes what a URI would take as its own.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%') uri += "%25";
    else if (c == '?') uri += "%3f";
    else if (c == '#') uri += "%23";
    else uri += c;
  }
  return uri;
}

// The links on the way to the folder are the operator's own, and SQLite would refuse them, too.
std::string in_real_folder(const std::string& path) {
  const std::filesystem::path given(path);
  std::error_code error;
  const auto folder = std::filesystem::canonical(given.has_parent_path() ? given.parent_path() : ".", error);
  return error ? path : (folder / given.filename()).string();
}

// With its first read it opens the log.
DbResult<SqliteDb> open_syncer(const std::string& path) {
  auto db = SqliteDb::open(uri_of(path), SQLITE_OPEN_READWRITE);
  if (!db) return db;
  sqlite3_db_config(&db->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (auto done = configure(*db); !done) return tl::unexpected(done.error());
  if (const auto read = version_of(*db); !read) return tl::unexpected(read.error());
  return db;
}

// Without a log the file is all there is, and no lock file is needed. With a log and its
// index a live daemon, or one that was killed, left both: the usual way makes nothing
// new. With a log alone the index is built in memory, which needs exclusive locking; as
// a read-only descriptor cannot be locked so, it is done without locks.
DbResult<SqliteDb> open_without_traces(const std::string& path) {
  constexpr int kFlags = SQLITE_OPEN_READONLY;
  if (file_size(path + "-wal") == 0) return SqliteDb::open(uri_of(path) + "?immutable=1", kFlags);
  if (file_exists(path + "-shm")) return SqliteDb::open(uri_of(path) + "?mode=ro", kFlags);
  auto db = SqliteDb::open(uri_of(path) + "?mode=ro", kFlags, "unix-none");
  if (!db) return db;
  if (auto done = db->run("PRAGMA locking_mode = EXCLUSIVE"); !done) return tl::unexpected(done.error());
  return db;
}

DbResult<int> readable_version(SqliteDb& db) {
  sqlite3_db_config(&db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (auto done = configure(db); !done) return tl::unexpected(done.error());
  return version_of_content(db);
}

}  // namespace

DbResult<WritableDb> open_writable_db(const std::string& path, bool create) {
  if (create) {
    if (const auto made = make_file(path); !made)
      return tl::unexpected(DbFault{DbFault::Kind::failed, made.error().text});
  }
  // A daemon follows the links of its operator; --purge, which root may run, follows none.
  auto db = create ? SqliteDb::open(uri_of(path), SQLITE_OPEN_READWRITE)
                   : SqliteDb::open(uri_of(in_real_folder(path)), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW);
  if (!db) return tl::unexpected(db.error());
  if (auto done = make_ready(*db, create); !done) return tl::unexpected(done.error());
  auto syncer = open_syncer(path);
  if (!syncer) return tl::unexpected(syncer.error());
  return WritableDb{std::move(*db), std::move(*syncer)};
}

DbResult<ReadableDb> open_readable_db(const std::string& path) {
  auto db = open_without_traces(path);
  if (!db) return tl::unexpected(db.error());
  const auto version = readable_version(*db);
  if (!version) return tl::unexpected(version.error());
  return ReadableDb{std::move(*db), *version};
}

DbResult<ReadableDb> open_db_beside_writer(const std::string& path) {
  auto db = SqliteDb::open(uri_of(path), SQLITE_OPEN_READWRITE);
  if (!db) return tl::unexpected(db.error());
  const auto version = readable_version(*db);
  if (!version) return tl::unexpected(version.error());
  if (auto done = db->run("PRAGMA query_only = ON"); !done) return tl::unexpected(done.error());
  return ReadableDb{std::move(*db), *version};
}

}  // namespace tlspolicyd
