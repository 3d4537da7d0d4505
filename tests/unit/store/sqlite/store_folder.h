// A folder of its own for each test, and stores in it.
#pragma once

#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/c_ptr.h"
#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "fakes/patterns.h"
#include "store/sqlite/sqlite_store.h"
#include "unit/cache/entries.h"

namespace tlspolicyd {

namespace fs = std::filesystem;

inline StoredRow stored_row(const std::string& domain, WallTime fetched = WallTime(seconds(1'700'000'000))) {
  return StoredRow{.domain = domain_of(domain),
                   .policy = {.mode = Mode::enforce,
                              .max_age = seconds(604800),
                              .mx = patterns({"mx1." + domain, "*.mx." + domain}),
                              .text = "version: STSv1\nmode: enforce\nmx: mx1." + domain + "\nmx: *.mx." + domain +
                                      "\nmax_age: 604800"},
                   .id = "20260101",
                   .fetched = fetched,
                   .checked = fetched + seconds(60),
                   .last_asked = fetched + seconds(90),
                   .failure = {}};
}

inline StoreChange put(StoredRow row) {
  const Domain domain = row.domain;
  return {domain, std::move(row)};
}

inline std::string octets_of_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct StoreFolder {
  FakeTime time;
  CapturedLog log;
  fs::path folder;
  std::string path;

  StoreFolder() {
    std::string name = (place() / "tlspolicyd-store-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = (folder / "cache.db").string();
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  ~StoreFolder() {
    std::error_code ignored;
    fs::permissions(folder, fs::perms::owner_all, ignored);
    fs::remove_all(folder, ignored);
  }

  Result<SqliteStore::Opened> open(SqliteStore::Mode mode = SqliteStore::Mode::read_write) {
    return SqliteStore::open(path, mode, {time, log});
  }
  std::unique_ptr<SqliteStore> store(SqliteStore::Mode mode = SqliteStore::Mode::read_write) {
    auto opened = open(mode);
    if (!opened) throw std::runtime_error(opened.error().text);
    if (opened->trouble) throw std::runtime_error(opened->trouble->text);
    return std::move(opened->store);
  }

  // In memory where there is such a place: a thousand synced commits take their time on a disk.
  static fs::path place() {
    const fs::path memory = "/dev/shm";
    return ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
  }

  // `count` rows d00000.example and so on, in the file itself and not in its log.
  void fill(int count) {
    const auto full = store();
    std::vector<StoreChange> changes;
    for (int i = 0; i < count; ++i) changes.push_back(put(stored_row(name(i))));
    if (!full->write(changes)) throw std::runtime_error("cannot fill the store");
  }
  static std::string name(int i) {
    std::string digits = std::to_string(i);
    return "d" + std::string(5 - digits.size(), '0') + digits + ".example";
  }

  // Behind the store's back.
  void sql(const std::string& statements) const {
    sqlite3* opened = nullptr;
    sqlite3_open(path.c_str(), &opened);
    const CPtr<sqlite3, sqlite3_close_v2> db(opened);
    char* error = nullptr;
    if (sqlite3_exec(opened, statements.c_str(), nullptr, nullptr, &error) == SQLITE_OK) return;
    const CPtr<char, sqlite3_free> text(error);
    throw std::runtime_error(error);
  }

  // But for the one that stands for the right to write, which holds nothing.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& file : fs::directory_iterator(folder))
      if (file.path().extension() != ".db-lock") found[file.path().filename().string()] = octets_of_file(file.path());
    return found;
  }
  [[nodiscard]] std::vector<std::string> corrupt_files() const {
    std::vector<std::string> found;
    for (const auto& [file, octets] : files())
      if (file.find(".corrupt-") != std::string::npos && file.find("-wal") == std::string::npos) found.push_back(file);
    return found;
  }
};

// All rows, read by pages of `most`; the reason where that fails.
inline Result<std::vector<StoredRow>> all_rows(Store& store, std::size_t most = 100) {
  std::vector<StoredRow> rows;
  for (std::string after;;) {
    auto page = store.page(after, most);
    if (!page || page->empty()) return page.map([&](const auto&) { return rows; });
    after = page->back().domain.text();
    rows.insert(rows.end(), page->begin(), page->end());
  }
}

inline std::vector<std::string> names_in(Store& store) {
  std::vector<std::string> names;
  const auto rows = all_rows(store);
  if (!rows) return {"error: " + rows.error().text};
  for (const StoredRow& row : *rows) names.push_back(row.domain.text());
  return names;
}

}  // namespace tlspolicyd
