// The store's file as a stranger may have written it: read as --cache reads it, then taken
// over as the daemon does.
//
//   input: the file
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/sqlite/sqlite_store.h"
#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "fakes/patterns.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPage = 7, kMostPages = 20'000;

class Folder {
 public:
  // In memory where that can be had: a disk takes milliseconds a commit.
  Folder() : path_(fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path()) {
    path_ /= "tlspolicyd-fuzz-store-" + std::to_string(::getpid());
    empty();
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void empty() const {
    fs::remove_all(path_);
    fs::create_directory(path_);
  }
  [[nodiscard]] std::string file() const { return path_ / "cache.db"; }
  void put(std::string_view octets) const { std::ofstream(file(), std::ios::binary) << octets; }
  [[nodiscard]] std::string contents() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] bool holds_only_the_file() const { return std::distance(fs::directory_iterator(path_), {}) == 1; }

 private:
  fs::path path_;
};

// All rows, in order; empty where reading fails on the way.
std::optional<std::vector<StoredRow>> walk(SqliteStore& store) {
  std::vector<StoredRow> rows;
  for (std::size_t pages = 0; pages < kMostPages; ++pages) {
    const std::string after = rows.empty() ? "" : rows.back().domain.text();
    auto page = store.page(after, kPage);
    if (!page) return std::nullopt;
    if (page->empty()) return rows;
    for (StoredRow& row : *page) {
      require(rows.empty() || rows.back().domain.text() < row.domain.text(), "rows ascend");
      rows.push_back(std::move(row));
    }
  }
  require(false, "a walk ends");
  return rows;
}

void check_read_only(const Folder& folder, std::string_view octets, SqliteStore::Parts parts) {
  {
    auto opened = SqliteStore::open(folder.file(), SqliteStore::Mode::read_only, parts);
    if (opened) static_cast<void>(walk(*opened->store));
  }
  require(folder.contents() == octets && folder.holds_only_the_file(), "reading changes nothing");
}

StoredRow row_of_ours() {
  return {.domain = Domain::parse("zz.example").value(),
          .policy = {.mode = Mode::enforce, .max_age = seconds(1), .mx = patterns({"mx.zz.example"}), .text = "x: y"},
          .id = "1",
          .fetched = {},
          .checked = {},
          .last_asked = {},
          .failure = {},
          .dane = {}};
}

// What was acknowledged is there, whatever the file was before.
void check_takes_over(const Folder& folder, std::string_view octets, SqliteStore::Parts parts) {
  const StoredRow ours = row_of_ours();
  {
    auto opened = SqliteStore::open(folder.file(), SqliteStore::Mode::read_write, parts);
    if (!opened) return require(folder.contents() == octets, "a file that is refused is left alone");
    static_cast<void>(walk(*opened->store));
    if (!opened->store->write({{ours.domain, ours}})) return;
    const auto back = opened->store->get(ours.domain);
    require(back && *back && (*back)->policy == ours.policy, "what is written can be read");
  }
  auto again = SqliteStore::open(folder.file(), SqliteStore::Mode::read_only, parts);
  require(again.has_value(), "what was written can be opened");
  const auto back = again->store->get(ours.domain);
  require(back && *back && (*back)->policy == ours.policy, "what was written is there");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const FakeTime time;
  CapturedLog log;
  const std::string_view octets = fuzz::Input(data, size).rest();
  folder.empty();
  folder.put(octets);
  check_read_only(folder, octets, {time, log});
  check_takes_over(folder, octets, {time, log});
  return 0;
}
