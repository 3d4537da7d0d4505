#include "store/sqlite/sqlite_store.h"

#include <utility>

#include "store/sqlite/sqlite_store_connection.h"
#include "store/sqlite/store_files.h"

namespace tlspolicyd {

SqliteStore::SqliteStore(std::string path, Mode mode, Parts parts)
    : path_(std::move(path)), mode_(mode), parts_(parts) {}

SqliteStore::~SqliteStore() = default;

Result<SqliteStore::Opened> SqliteStore::open(const std::string& path, Mode mode, Parts parts) {
  auto store = std::make_unique<SqliteStore>(path, mode, parts);
  auto trouble = store->connect(mode == Mode::read_only ? Access::read : Access::write);
  if (trouble && (store->refused_ || mode != Mode::read_write)) return tl::unexpected(std::move(*trouble));
  return Opened{std::move(store), std::move(trouble)};
}

// Where the file is found broken, and so again when it is opened anew, a new one takes its place:
// to SQLite a page that could not be read looks like a broken one.
template <typename Attempt>
auto SqliteStore::on_sound_file(Attempt attempt) -> decltype(attempt()) {
  auto done = attempt();
  if (done || !may_replace(done.error())) return done;
  replace_connection(nullptr);
  done = attempt();
  if (done || !may_replace(done.error())) return done;
  if (auto trouble = set_aside(done.error().text)) return tl::unexpected(std::move(*trouble));
  return attempt();
}

template <typename Work>
auto SqliteStore::with_connection(Access access, Work work) {
  using Value = typename decltype(work(*connection_))::value_type;
  const auto attempt = [&]() -> DbResult<Value> {
    if (auto trouble = connect(access)) return tl::unexpected(DbFault{DbFault::Kind::failed, trouble->text});
    auto done = work(*connection_);
    note_skipped();
    if (!done) done.error().text.insert(0, path_ + ": ");
    return done;
  };
  return on_sound_file(attempt).map_error([](const DbFault& fault) { return Error{fault.text}; });
}

bool SqliteStore::claim() {
  if (!lock_ && !take_lock()) replace_connection(nullptr);  // to be opened for writing
  return lock_ || !taken_;
}

Result<void> SqliteStore::write(const std::vector<StoreChange>& changes) {
  return with_connection(Access::write, [&](SqliteConnection& on) -> DbResult<void> {
    const auto dropped = on.bound(parts_.max_octets, parts_.clock.wall());
    if (!dropped) return tl::unexpected(dropped.error());
    note_dropped(*dropped);
    return on.write(changes);
  });
}

Result<void> SqliteStore::sync() {
  const std::lock_guard hold(replacing_);
  if (!connection_ || !connection_->writable()) return {};
  return connection_->sync().map_error([&](const DbFault& fault) { return Error{path_ + ": " + fault.text}; });
}

Result<std::optional<StoredRow>> SqliteStore::get(const Domain& domain) {
  return with_connection(Access::read, [&](SqliteConnection& on) { return on.get(domain); });
}

Result<std::vector<StoredRow>> SqliteStore::page(const std::string& after, std::size_t most) {
  return with_connection(Access::read, [&](SqliteConnection& on) { return on.page(after, most); });
}

Result<std::size_t> SqliteStore::erase_all() {
  return with_connection(Access::write, [&](SqliteConnection& on) { return on.erase_all(); });
}

bool SqliteStore::take_loss() { return std::exchange(loss_, false); }

std::size_t SqliteStore::skipped() const { return skipped_before_ + (connection_ ? connection_->skipped() : 0); }

std::optional<Error> SqliteStore::connect(Access access) {
  if (connection_ && connection_->file_moved()) {
    if (connection_->writable()) {
      parts_.log.warning(LogLine("store")
                             .with("action", "lost")
                             .with("file", path_)
                             .with("reason", "the file was moved or removed: a new one is made"));
      loss_ = true;
    }
    replace_connection(nullptr);
    lock_ = UniqueFd();  // its file may have gone the same way
  }
  if (connection_ && (access == Access::read || connection_->writable())) return {};
  replace_connection(nullptr);
  std::optional<Error> trouble;
  if (mode_ != Mode::read_only) trouble = connect_writable();
  if (connection_ || (trouble && (refused_ || access == Access::write))) return trouble;
  const auto unreadable = connect_readable();
  return unreadable && trouble ? trouble : unreadable;
}

// Beside a process that writes, what it writes must be seen.
std::optional<Error> SqliteStore::connect_readable() {
  auto readable = taken_ ? SqliteConnection::open_beside_writer(path_) : SqliteConnection::open_readable(path_);
  if (!readable && taken_) readable = SqliteConnection::open_readable(path_);
  if (!readable) return Error{path_ + ": " + readable.error().text};
  replace_connection(std::move(*readable));
  return {};
}

std::optional<Error> SqliteStore::take_lock() {
  if (lock_) return {};
  auto lock = lock_store(path_);
  taken_ = lock && !*lock;
  if (!lock) return Error{path_ + ": " + lock.error().text};
  if (taken_) return Error{path_ + ": another tlspolicyd has it open for writing"};
  lock_ = std::move(*lock);
  return {};
}

std::optional<Error> SqliteStore::connect_writable() {
  if (auto trouble = take_lock()) return trouble;
  auto made = on_sound_file([&]() -> DbResult<std::unique_ptr<SqliteConnection>> {
    auto opened = SqliteConnection::open_writable(path_, mode_ == Mode::read_write);
    if (!opened) opened.error().text.insert(0, path_ + ": ");
    return opened;
  });
  refused_ = !made && made.error().kind == DbFault::Kind::refused;
  if (!made) return Error{made.error().text};
  replace_connection(std::move(*made));
  return {};
}

// Only the daemon has in memory what the new file is to hold.
bool SqliteStore::may_replace(const DbFault& fault) const {
  return mode_ == Mode::read_write && lock_ && fault.kind == DbFault::Kind::broken;
}

std::optional<DbFault> SqliteStore::set_aside(const std::string& reason) {
  replace_connection(nullptr);
  if (const auto read = read_through(path_); !read)
    return DbFault{DbFault::Kind::failed, reason + "; " + read.error().text};
  const auto moved_to = move_aside(path_, parts_.clock.wall());
  if (!moved_to) return DbFault{DbFault::Kind::failed, reason + "; it cannot be moved aside: " + moved_to.error().text};
  loss_ = true;
  parts_.log.error(LogLine("store")
                       .with("action", "replaced")
                       .with("reason", reason)
                       .with("broken_file", *moved_to)
                       .with("effect", "a new file is written from memory")
                       .with("fix", "check the disk"));
  return {};
}

void SqliteStore::note_dropped(std::size_t rows) {
  if (rows == 0) return;
  parts_.log.warning(LogLine("store")
                         .with("action", "dropped")
                         .with("file", path_)
                         .with("rows", rows)
                         .with("reason", "it had grown to store_max_size")
                         .with("fix", "raise store_max_size"));
}

void SqliteStore::note_skipped() {
  if (skip_reported_ || connection_->skipped() == 0) return;
  skip_reported_ = true;
  parts_.log.warning(LogLine("store")
                         .with("action", "skipped")
                         .with("file", path_)
                         .with("row", connection_->last_skipped())
                         .with("effect", "this and further such rows do not count"));
}

void SqliteStore::replace_connection(std::unique_ptr<SqliteConnection> by) {
  skipped_before_ = skipped();
  const std::lock_guard hold(replacing_);
  connection_ = std::move(by);
}

}  // namespace tlspolicyd
