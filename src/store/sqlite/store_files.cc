#include "store/sqlite/store_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

namespace tlspolicyd {
namespace {

namespace fs = std::filesystem;

// A disk that goes bad breaks the store again and again; the evidence must not fill it.
constexpr std::size_t kCorruptKept = 3;

constexpr std::size_t kReadAtOnce = 64 * 1024;  // octets

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

std::optional<struct stat> stat_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? std::optional(found) : std::nullopt;
}

// So that a move is not undone by a power cut.
void sync_folder(const std::string& path) {
  const UniqueFd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) static_cast<void>(::fsync(folder.get()));
}

Result<void> move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno("cannot rename " + from + " to " + to);
}

std::string name_aside(const std::string& path, WallTime now) {
  std::string stamp = rfc3339(now);
  stamp.erase(std::remove_if(stamp.begin(), stamp.end(), [](char c) { return c == '-' || c == ':'; }), stamp.end());
  const std::string base = path + ".corrupt-" + stamp;
  std::string name = base;
  for (int i = 2; file_exists(name); ++i) name = base + '.' + std::to_string(i);
  return name;
}

// A dying disk may fail in the middle of a folder. ++ would throw then, increment() does not:
// what was found by then has to do.
std::vector<fs::path> corrupt_files(const std::string& path) {
  const std::string prefix = fs::path(path).filename().string() + ".corrupt-";
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator file(folder_of(path), error), end; !error && file != end; file.increment(error)) {
    const std::string name = file->path().filename().string();
    const bool log = name.size() > 4 && name.compare(name.size() - 4, 4, "-wal") == 0;
    if (name.compare(0, prefix.size(), prefix) == 0 && !log) found.push_back(file->path());
  }
  return found;
}

void drop_old_evidence(const std::string& path) {
  std::vector<fs::path> kept = corrupt_files(path);
  std::sort(kept.begin(), kept.end());
  std::error_code ignored;
  for (std::size_t i = 0; i + kCorruptKept < kept.size(); ++i) {
    fs::remove(kept[i], ignored);
    fs::remove(kept[i].string() + "-wal", ignored);
  }
}

Result<void> read_file_through(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return {};
  if (!file) return fail_errno("cannot open " + path);
  std::vector<char> octets(kReadAtOnce);
  off_t at = 0;
  while (true) {
    const ssize_t got = ::pread(file.get(), octets.data(), octets.size(), at);
    if (got < 0) return fail_errno("cannot read " + path);
    if (got == 0) return {};
    at += got;
  }
}

}  // namespace

bool file_exists(const std::string& path) { return stat_of(path).has_value(); }

std::uint64_t file_size(const std::string& path) {
  const auto found = stat_of(path);
  return found ? static_cast<std::uint64_t>(found->st_size) : 0;
}

Result<void> make_file(const std::string& path) {
  const auto owner = stat_of(folder_of(path).string());
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) {
    if (errno == EEXIST) return {};
    return fail_errno("cannot create " + fs::path(path).filename().string());
  }
  const bool given = ::geteuid() != 0 || !owner || ::fchown(file.get(), owner->st_uid, owner->st_gid) == 0;
  if (!given) return fail_errno("cannot set the owner of " + fs::path(path).filename().string());
  return {};
}

// A file of its own: a descriptor of the store's file that is closed would take SQLite's locks
// along.
Result<UniqueFd> lock_store(const std::string& path) {
  const std::string name = path + "-lock";
  if (auto made = make_file(name); !made) return tl::unexpected(made.error());
  UniqueFd file(::open(name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return fail_errno("cannot open " + name);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) return UniqueFd();
  return fail_errno("cannot lock " + name);
}

Result<void> read_through(const std::string& path) {
  for (const std::string& each : {path, path + "-wal"})
    if (auto read = read_file_through(each); !read) return read;
  return {};
}

// The log goes first: a store must never meet the log of another.
Result<std::string> move_aside(const std::string& path, WallTime now) {
  const std::string aside = name_aside(path, now);
  if (auto moved = move(path + "-wal", aside + "-wal"); !moved) return tl::unexpected(moved.error());
  static_cast<void>(::unlink((path + "-shm").c_str()));
  if (auto moved = move(path, aside); !moved) return tl::unexpected(moved.error());
  sync_folder(path);
  drop_old_evidence(path);
  return aside;
}

}  // namespace tlspolicyd
