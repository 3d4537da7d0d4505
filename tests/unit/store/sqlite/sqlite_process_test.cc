// SqliteStore and the world around it: kills, rights, owners, full and read-only disks.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "catch.h"
#include "child.h"
#include "store_folder.h"

using namespace tlspolicyd;

namespace {

constexpr uid_t kNobody = 65534;

uid_t owner_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_uid : static_cast<uid_t>(-1);
}

// A daemon that is killed with its last rows only in the log.
void leave_log(StoreFolder& f) {
  in_child([&] {
    const auto store = f.store();
    static_cast<void>(store->write({put(stored_row("logged.example"))}));
    ::kill(::getpid(), SIGKILL);
    return std::string();
  });
}

// A small file system over the test's folder, in a mount namespace of the caller alone.
bool mount_small_disk(const StoreFolder& f) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", f.folder.c_str(), "tmpfs", 0, "size=512k") == 0;
}

bool remount(const StoreFolder& f, unsigned long flags) {
  return ::mount("tmpfs", f.folder.c_str(), "tmpfs", MS_REMOUNT | flags, "size=512k") == 0;
}

constexpr const char* kNoMounts = "skipped: mounting is not permitted here";

}  // namespace

TEST_CASE("C-16 what was acknowledged survives kill -9 at any moment") {
  const int kill_after = GENERATE(1, 7, 40, 95);
  StoreFolder f;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = f.store();
    for (int i = 0; store->write({put(stored_row(f.name(i)))}); ++i) static_cast<void>(!::write(ends[1], "+", 1));
    ::_exit(1);
  }
  ::close(ends[1]);
  int acknowledged = 0;
  for (char octet; acknowledged < kill_after && ::read(ends[0], &octet, 1) == 1;) ++acknowledged;
  ::kill(child, SIGKILL);
  for (char octet; ::read(ends[0], &octet, 1) == 1;) ++acknowledged;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  const auto names = names_in(*f.store());
  CAPTURE(acknowledged);
  REQUIRE(names.size() >= static_cast<std::size_t>(acknowledged));
  for (int i = 0; i < acknowledged; ++i) REQUIRE(names[static_cast<std::size_t>(i)] == f.name(i));
  CHECK(f.log.lines.empty());
}

TEST_CASE("reading alone sees what a killed daemon left in the log, and leaves no trace") {
  StoreFolder f;
  f.fill(3);
  std::size_t rows = 4;
  SECTION("stopped in order") { rows = 3; }
  SECTION("killed") { leave_log(f); }
  SECTION("killed, and the index of the log is gone") {
    leave_log(f);
    fs::remove(f.path + "-shm");
  }
  SECTION("an empty log is left") {
    rows = 3;
    std::ofstream(f.path + "-wal").flush();
  }
  const auto before = f.files();
  CHECK(names_in(*f.store(SqliteStore::Mode::read_only)).size() == rows);
  const auto after = f.files();
  REQUIRE(after.size() == before.size());
  CHECK(after.at("cache.db") == before.at("cache.db"));
  if (before.count("cache.db-wal") != 0) CHECK(after.at("cache.db-wal") == before.at("cache.db-wal"));
  CHECK(names_in(*f.store()).size() == rows);
}

TEST_CASE("reading alone works beside a live daemon") {
  StoreFolder f;
  const auto daemon = f.store();
  REQUIRE(daemon->write({put(stored_row("a.example"))}));
  const std::string seen = in_child([&] {
    const auto reader = f.store(SqliteStore::Mode::read_only);
    return std::to_string(names_in(*reader).size());
  });
  CHECK(seen == "1");
  REQUIRE(daemon->write({put(stored_row("b.example"))}));
  CHECK(names_in(*daemon).size() == 2);
}

TEST_CASE("one process writes a store; a second one reads what the first writes, and writes once that has ended") {
  StoreFolder f;
  auto first = f.store();
  REQUIRE(first->claim());
  REQUIRE(first->write({put(stored_row("a.example"))}));
  const auto opened = f.open();
  REQUIRE(opened);
  REQUIRE(opened->trouble);
  CHECK(opened->trouble->text.find("another tlspolicyd") != std::string::npos);
  SqliteStore& second = *opened->store;
  CHECK(names_in(second).size() == 1);
  REQUIRE(first->write({put(stored_row("b.example"))}));
  CHECK(names_in(second).size() == 2);
  CHECK_FALSE(second.claim());
  CHECK_FALSE(second.write({put(stored_row("c.example"))}));
  CHECK_FALSE(f.open(SqliteStore::Mode::existing));  // nor does --purge
  CHECK(f.store(SqliteStore::Mode::read_only));
  first = nullptr;
  CHECK(second.claim());
  REQUIRE(second.write({put(stored_row("c.example"))}));
  CHECK(names_in(second).size() == 3);
  CHECK_FALSE(f.open(SqliteStore::Mode::existing));
}

TEST_CASE("a second process moves no file aside") {
  StoreFolder f;
  f.fill(2000);
  const auto first = f.store();
  std::ofstream(f.path, std::ios::in | std::ios::out).write("garbage of sixteen", 16);
  const auto second = f.open();
  REQUIRE(second);
  static_cast<void>(all_rows(*second->store));
  CHECK(f.corrupt_files().empty());
}

TEST_CASE("the right to write ends with the process, however it ends") {
  StoreFolder f;
  leave_log(f);
  CHECK(f.store()->claim());
}

TEST_CASE("a folder and files without the right to write: rows are read, writes fail until it is there") {
  StoreFolder f;
  f.fill(3);
  leave_log(f);
  const bool root = ::geteuid() == 0;
  const auto rights = [&](mode_t folder, mode_t files) {
    ::chmod(f.folder.c_str(), folder);
    for (const auto& file : fs::directory_iterator(f.folder)) ::chmod(file.path().c_str(), files);
  };
  if (GENERATE(false, true)) fs::remove(f.path + "-shm");
  rights(0555, 0444);
  const std::string word = in_child([&]() -> std::string {
    if (root && ::setuid(kNobody) != 0) return "no other user";
    const auto opened = f.open();
    if (!opened) return "refused: " + opened.error().text;
    if (!opened->trouble) return "no trouble";
    if (const auto names = names_in(*opened->store); names.size() != 4) return "reading: " + names.front();
    if (opened->store->write({put(stored_row("new.example"))})) return "written";
    return opened->trouble->text.find("-lock: Permission denied") != std::string::npos ? "ok" : opened->trouble->text;
  });
  rights(0755, 0644);
  CHECK(word == "ok");
  CHECK(names_in(*f.store()).size() == 4);
}

TEST_CASE("a read-only disk: rows are read, and writing goes on when it can") {
  StoreFolder f;
  const std::string word = in_child([&]() -> std::string {
    if (!mount_small_disk(f)) return kNoMounts;
    f.fill(3);
    if (!remount(f, MS_RDONLY)) return "no remount";
    const auto opened = f.open();
    if (!opened || !opened->trouble) return "opened";
    if (opened->store->write({put(stored_row("new.example"))})) return "written";
    if (names_in(*opened->store).size() != 3) return "not read: " + names_in(*opened->store).front();
    if (!remount(f, 0)) return "no remount back";
    const auto written = opened->store->write({put(stored_row("new.example"))});
    if (!written) return written.error().text;
    return names_in(*opened->store).size() == 4 && !opened->store->take_loss() ? "ok" : "not there";
  });
  if (word == kNoMounts) WARN(kNoMounts);
  else CHECK(word == "ok");
}

TEST_CASE("a full disk: a commit is all or nothing, and goes on when there is room") {
  StoreFolder f;
  const std::string word = in_child([&]() -> std::string {
    if (!mount_small_disk(f)) return kNoMounts;
    const auto store = f.store();
    if (!store->write({put(stored_row("first.example"))})) return "not even one";
    const std::string filler = (f.folder / "filler").string();
    std::ofstream(filler) << std::string(400'000, 'x');
    std::vector<StoreChange> changes;
    for (int i = 0; i < 1000; ++i) changes.push_back(put(stored_row(f.name(i))));
    const auto written = store->write(changes);
    if (written) return "written";
    if (written.error().text.find("full") == std::string::npos) return written.error().text;
    if (names_in(*store).size() != 1) return "half of it";
    fs::remove(filler);
    changes.erase(changes.begin() + 100, changes.end());
    if (const auto again = store->write(changes); !again) return again.error().text;
    return names_in(*store).size() == 101 ? "ok" : "not there";
  });
  if (word == kNoMounts) WARN(kNoMounts);
  else CHECK(word == "ok");
}

TEST_CASE("a broken file on a full disk is moved aside, and a new one is written when there is room") {
  StoreFolder f;
  const std::string word = in_child([&]() -> std::string {
    if (!mount_small_disk(f)) return kNoMounts;
    f.fill(100);
    fs::resize_file(f.path, fs::file_size(f.path) / 2);
    const std::string filler = (f.folder / "filler").string();
    {
      std::ofstream fill(filler);
      while (fill << std::string(4096, 'x') << std::flush) {
      }
    }
    const std::string broken = octets_of_file(f.path);
    const auto opened = f.open();
    if (!opened || !opened->trouble) return "opened";
    fs::remove(filler);
    const auto written = opened->store->write({put(stored_row("new.example"))});
    if (!written) return written.error().text;
    if (f.corrupt_files().size() != 1) return "nothing aside";
    if (octets_of_file(f.folder / f.corrupt_files().front()) != broken) return "changed";
    return names_in(*opened->store).size() == 1 ? "ok" : "not there";
  });
  if (word == kNoMounts) WARN(kNoMounts);
  else CHECK(word == "ok");
}

TEST_CASE("files that root makes or opens belong to the store's owner") {
  if (::geteuid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  StoreFolder f;
  const auto check_owner = [&] {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      CAPTURE(suffix);
      CHECK(owner_of(f.path + suffix) == kNobody);
    }
  };
  SECTION("a new file belongs to the owner of its folder") {
    REQUIRE(::chown(f.folder.c_str(), kNobody, kNobody) == 0);
    const auto store = f.store();
    REQUIRE(store->write({put(stored_row("d.example"))}));
    check_owner();
    CHECK(owner_of(f.path + "-lock") == kNobody);
  }
  SECTION("the log and its index belong to the owner of the file") {
    f.fill(1);
    REQUIRE(::chown(f.path.c_str(), kNobody, kNobody) == 0);
    const auto store = f.store(SqliteStore::Mode::existing);
    REQUIRE(store->write({{domain_of(f.name(0)), {}}}));
    check_owner();
  }
  SECTION("a file in the place of a broken one belongs to the owner of its folder") {
    REQUIRE(::chown(f.folder.c_str(), kNobody, kNobody) == 0);
    std::ofstream(f.path) << "garbage";
    const auto store = f.store();
    REQUIRE(store->write({put(stored_row("d.example"))}));
    check_owner();
  }
}
