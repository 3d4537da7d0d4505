// SqliteStore on files that are old, new, not ours, hostile or broken.
#include "catch.h"
#include "store_folder.h"

using namespace tlspolicyd;

namespace {

constexpr std::size_t kPage = 4096;

// The schema of version 1, as it was.
constexpr const char* kVersion1 = R"(
  PRAGMA journal_mode = WAL;
  CREATE TABLE policy (
    domain TEXT NOT NULL PRIMARY KEY, mode TEXT NOT NULL, max_age INTEGER NOT NULL, mx TEXT NOT NULL,
    id TEXT NOT NULL, text BLOB NOT NULL, fetched INTEGER NOT NULL, checked INTEGER NOT NULL,
    failure_result TEXT, failure_since INTEGER, failure_count INTEGER, failure_detail BLOB
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 1953264496;
  PRAGMA user_version = 1;
  INSERT INTO policy VALUES ('old.example', 'enforce', 604800, 'mx1.old.example' || char(10) || '*.old.example',
                             'abc', x'76', 1700000000, 1700000500,
                             'sts-policy-invalid', 30, 2, x'6f6f7073');)";

constexpr const char* kToVersion2 = R"(
  ALTER TABLE policy ADD COLUMN last_asked INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE policy ADD COLUMN failure_in_txt INTEGER;
  PRAGMA user_version = 2;)";

void overwrite(const std::string& path, std::size_t at, const std::string& octets) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
}

}  // namespace

TEST_CASE("an older file is brought up to date, with all that it knew") {
  StoreFolder f;
  f.sql(kVersion1);
  const auto store = f.store();
  const auto row = store->get(domain_of("old.example"));
  REQUIRE(row);
  REQUIRE(*row);
  CHECK((*row)->policy.mx.list() == std::vector<std::string>{"mx1.old.example", "*.old.example"});
  CHECK((*row)->checked == WallTime(seconds(1'700'000'500)));
  CHECK((*row)->last_asked == (*row)->checked);
  REQUIRE((*row)->failure);
  CHECK((*row)->failure->count == 2);
  CHECK_FALSE((*row)->failure->in_txt);
  CHECK((*row)->dane == nullptr);
  REQUIRE(store->write({put(stored_row("new.example"))}));
  CHECK(names_in(*store) == std::vector<std::string>{"new.example", "old.example"});
  f.sql(
      "INSERT INTO policy SELECT 'x' || domain, mode, max_age, mx, id, text, fetched, checked, failure_result,"
      " failure_since, failure_count, failure_detail, last_asked, failure_in_txt, dane FROM policy");
}

TEST_CASE("an older file that is only read stays as it is") {
  const bool second = GENERATE(false, true);
  StoreFolder f;
  f.sql(kVersion1);
  if (second) f.sql(kToVersion2);
  const auto before = f.files();
  CHECK(names_in(*f.store(SqliteStore::Mode::read_only)) == std::vector<std::string>{"old.example"});
  CHECK(f.files() == before);
}

TEST_CASE("a migration that cannot be finished leaves the old file in order") {
  StoreFolder f;
  f.sql(std::string(kVersion1) + "ALTER TABLE policy ADD COLUMN failure_in_txt INTEGER");  // the last step fails
  {
    const auto opened = f.open();
    REQUIRE(opened);
    REQUIRE(opened->trouble);
  }
  f.sql("ALTER TABLE policy DROP COLUMN failure_in_txt; UPDATE policy SET id = 'still1' WHERE checked > 0");
  CHECK((*f.store()->get(domain_of("old.example")))->id == "still1");
}

TEST_CASE("files that are not for us are refused and left alone") {
  const auto [name, sql, word] = GENERATE(table<const char*, const char*, const char*>({
      {"newer version", "PRAGMA user_version = 4", "newer tlspolicyd"},
      {"far newer version", "PRAGMA user_version = 2000000000", "newer tlspolicyd"},
      {"another program's", "PRAGMA application_id = 7", "another program"},
      {"no program's name", "PRAGMA application_id = 0", "another program"},
  }));
  CAPTURE(name);
  StoreFolder f;
  f.fill(3);
  f.sql(sql);
  const auto before = f.files();
  const auto mode = GENERATE(SqliteStore::Mode::read_write, SqliteStore::Mode::existing, SqliteStore::Mode::read_only);
  const auto opened = f.open(mode);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().text.find(word) != std::string::npos);
  CHECK(opened.error().text.find(f.path) != std::string::npos);
  CHECK(f.files() == before);
}

TEST_CASE("C-16 rows that make no sense are passed over and counted, the others count") {
  const auto [name, change] = GENERATE(table<const char*, const char*>({
      {"domain in upper case", "domain = 'M.Example'"},
      {"domain with a root dot", "domain = 'm.example.'"},
      {"domain with a line break", "domain = 'm.example' || char(10)"},
      {"domain is an address", "domain = '192.0.2.1'"},
      {"mode misspelt", "mode = 'enforced'"},
      {"mode in upper case", "mode = 'ENFORCE'"},
      {"negative max_age", "max_age = -1"},
      {"max_age over a year", "max_age = 31557601"},
      {"enforce without mx", "mx = ''"},
      {"mx with a blank", "mx = 'mx1.d.example mx2.d.example'"},
      {"mx not canonical", "mx = 'MX1.d.example'"},
      {"mx ends in a line break", "mx = 'mx1.d.example' || char(10)"},
      {"mx over-long", "mx = 'a.' || replace(hex(zeroblob(40000)), '0', 'a')"},
      {"id too long", "id = replace(hex(zeroblob(17)), '0', 'a')"},
      {"id with a blank", "id = 'a b'"},
      {"text too long", "text = zeroblob(4097)"},
      {"fetched out of range", "fetched = -253402300800"},
      {"fetched never", "fetched = 9223372036854775807"},
      {"checked out of range", "checked = 253402300800"},
      {"last_asked out of range", "last_asked = -9223372036854775807"},
  }));
  CAPTURE(name);
  StoreFolder f;
  for (const char* domain : {"a.example", "m.example", "z.example"})
    REQUIRE(f.store()->write({put(stored_row(domain))}));
  f.sql(std::string("UPDATE policy SET ") + change + " WHERE domain = 'm.example'");
  const auto store = f.store();
  CHECK(names_in(*store) == std::vector<std::string>{"a.example", "z.example"});
  CHECK(store->skipped() == 1);
  CHECK_FALSE(*store->get(domain_of("m.example")));
  CHECK(f.log.count(LogLevel::warning, "action=skipped") == 1);
}

TEST_CASE("a failure record that makes no sense does not cost the policy") {
  const auto change = GENERATE("failure_result = 'oops'", "failure_count = -1", "failure_count = 4294967296",
                               "failure_since = 9223372036854775807", "failure_in_txt = 2", "failure_in_txt = NULL");
  CAPTURE(change);
  StoreFolder f;
  StoredRow row = stored_row("d.example");
  row.failure = Failure{.since = LifeTime(seconds(5)), .count = 1};
  REQUIRE(f.store()->write({put(row)}));
  f.sql(std::string("UPDATE policy SET ") + change);
  const auto got = *f.store()->get(domain_of("d.example"));
  REQUIRE(got);
  CHECK_FALSE(got->failure);
}

TEST_CASE("C-16 a broken file is moved aside as it is, and a new one takes its place") {
  struct Row {
    const char* name;
    void (*harm)(const StoreFolder&);
  };
  const auto row = GENERATE(values<Row>({
      {"garbage", [](const StoreFolder& f) { std::ofstream(f.path) << std::string(100'000, 'x'); }},
      {"a line of text", [](const StoreFolder& f) { std::ofstream(f.path) << "hello\n"; }},
      {"header overwritten", [](const StoreFolder& f) { overwrite(f.path, 0, std::string(100, '\0')); }},
      {"cut in the middle", [](const StoreFolder& f) { fs::resize_file(f.path, fs::file_size(f.path) / 2); }},
      {"a page of zeros", [](const StoreFolder& f) { overwrite(f.path, 40 * kPage, std::string(kPage, '\0')); }},
      {"a page of noise", [](const StoreFolder& f) { overwrite(f.path, 40 * kPage, std::string(kPage, '\xa7')); }},
  }));
  CAPTURE(row.name);
  StoreFolder f;
  f.fill(2000);
  row.harm(f);
  const auto broken = octets_of_file(f.path);
  const auto store = f.store();
  CHECK(all_rows(*store));
  CHECK(store->take_loss());
  REQUIRE(f.corrupt_files().size() == 1);
  CHECK(octets_of_file(f.folder / f.corrupt_files().front()) == broken);
  CHECK(f.log.count(LogLevel::error, "store: action=replaced") == 1);
  CHECK(f.log.count(LogLevel::error, "broken_file=" + f.path + ".corrupt-") == 1);
  REQUIRE(store->write({put(stored_row("new.example"))}));
  CHECK(names_in(*store) == std::vector<std::string>{"new.example"});
}

TEST_CASE("C-16 a sound file whose table or columns are missing is refused and left alone") {
  const auto change = GENERATE("DROP TABLE policy", "ALTER TABLE policy DROP COLUMN checked");
  CAPTURE(change);
  StoreFolder f;
  f.fill(3);
  f.sql(change);
  const auto opened = f.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().text.find("move it away") != std::string::npos);
  CHECK(f.corrupt_files().empty());
}

TEST_CASE("C-16 damage that comes while the store is open: the file is moved aside, the work is done on a new one") {
  StoreFolder f;
  f.fill(6'000);  // more than the connection keeps in memory
  const auto store = f.store();
  const auto pages = fs::file_size(f.path) / kPage;
  overwrite(f.path, pages / 2 * kPage, std::string(kPage, '\xa7'));
  SECTION("found by reading all") { CHECK(all_rows(*store, 250)); }
  SECTION("found by point reads") {
    for (int i = 0; i < 6'000; i += 5) REQUIRE(store->get(domain_of(f.name(i))));
  }
  SECTION("found by writing") {
    std::vector<StoreChange> changes;
    for (int i = 0; i < 6'000; ++i) changes.push_back(put(stored_row(f.name(i))));
    REQUIRE(store->write(changes));
    CHECK(all_rows(*store)->size() == 6'000);
  }
  CHECK(f.corrupt_files().size() == 1);
  CHECK(store->take_loss());
}

TEST_CASE("a broken file is left alone where only --purge works on it") {
  StoreFolder f;
  f.fill(2000);
  overwrite(f.path, 40 * kPage, std::string(kPage, '\xa7'));
  const auto before = octets_of_file(f.path);
  const auto store = f.store(SqliteStore::Mode::existing);
  CHECK_FALSE(all_rows(*store));
  CHECK(f.corrupt_files().empty());
  CHECK(octets_of_file(f.path) == before);
}

TEST_CASE("a broken file that is only read is told of and left alone") {
  StoreFolder f;
  f.fill(2000);
  overwrite(f.path, 40 * kPage, std::string(kPage, '\xa7'));
  const auto before = f.files();
  const auto store = f.store(SqliteStore::Mode::read_only);
  CHECK_FALSE(all_rows(*store));
  CHECK(f.files() == before);
}

TEST_CASE("a disk that breaks the store again and again is not filled with evidence") {
  StoreFolder f;
  for (int i = 0; i < 6; ++i) {
    std::ofstream(f.path) << "garbage " << i;
    static_cast<void>(f.store());
    if (i % 2 == 0) f.time.advance(seconds(3600));
  }
  CHECK(f.corrupt_files().size() == 3);
  CHECK(octets_of_file(f.folder / f.corrupt_files().back()) == "garbage 5");
}
