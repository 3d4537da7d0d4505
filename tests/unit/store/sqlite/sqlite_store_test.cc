// SqliteStore on a healthy disk.
#include "store/sqlite/sqlite_store.h"

#include <atomic>
#include <thread>

#include "catch.h"
#include "event/loop.h"
#include "event/worker_lane.h"
#include "fakes/manual_executor.h"
#include "fakes/patterns.h"
#include "store/store_shadow.h"
#include "store/stored_row.h"
#include "store_folder.h"

using namespace tlspolicyd;

namespace {

void check_same(const StoredRow& a, const StoredRow& b) {
  CHECK(a.domain == b.domain);
  CHECK(a.policy == b.policy);
  CHECK(a.id == b.id);
  CHECK(a.fetched == b.fetched);
  CHECK(a.checked == b.checked);
  CHECK(a.last_asked == b.last_asked);
  REQUIRE((a.dane == nullptr) == (b.dane == nullptr));
  if (a.dane) CHECK(*a.dane == *b.dane);
  REQUIRE(a.failure.has_value() == b.failure.has_value());
  if (!a.failure) return;
  CHECK(a.failure->in_txt == b.failure->in_txt);
  CHECK(a.failure->result == b.failure->result);
  CHECK(a.failure->since == b.failure->since);
  CHECK(a.failure->count == b.failure->count);
  CHECK(a.failure->detail == b.failure->detail);
}

StoredRow odd_row(const std::string& name) {
  StoredRow row = stored_row("d.example");
  if (name == "mode none without mx") row.policy = {.mode = Mode::none};
  if (name == "no id was readable") row.id.clear();
  if (name == "longest id") row.id = std::string(32, 'Z');
  if (name == "largest max_age") row.policy.max_age = kMaxMaxAge;
  if (name == "octets of any kind in the text") row.policy.text = std::string("a\0\xff\x80'\"\n;--", 11);
  if (name == "longest text") row.policy.text = std::string(kMaxPolicyText, '\xe2');
  if (name == "many patterns") row.policy.mx = patterns(std::vector<std::string>(1500, "*.mail.d.example"));
  if (name == "patterns that no host name can match")
    row.policy = *parse_policy("version: STSv1\nmode: enforce\nmax_age: 60\nmx: 192.0.2.7").policy;
  if (name == "first second of the epoch") row.fetched = row.checked = row.last_asked = WallTime{};
  if (name == "before the epoch") row.fetched = row.checked = row.last_asked = WallTime(seconds(-86'400));
  if (name == "failure")
    row.failure = Failure{.in_txt = true,
                          .result = StsResult::sts_webpki_invalid,
                          .since = LifeTime(seconds(-3)),
                          .count = 4'000'000'000,
                          .detail = std::string("bad\0\xff", 5)};
  if (name == "DANE status")
    row.dane = with_hop(nullptr, {{},
                                  {MxState::signed_records, {{"mx1.d.example", HostFinding::tlsa_usable}}},
                                  LifeTime(seconds(7)),
                                  false,
                                  LifeTime(seconds(307))});
  return row;
}

}  // namespace

TEST_CASE("a row comes back as it was written, from get and from page") {
  const auto name = GENERATE(as<std::string>(), "plain", "mode none without mx", "no id was readable", "longest id",
                             "largest max_age", "octets of any kind in the text", "longest text", "many patterns",
                             "patterns that no host name can match", "first second of the epoch", "before the epoch",
                             "failure", "DANE status");
  CAPTURE(name);
  StoreFolder f;
  const StoredRow row = odd_row(name);
  REQUIRE(f.store()->write({put(row)}));
  const auto reopened = f.store();
  const auto got = reopened->get(row.domain);
  REQUIRE(got);
  REQUIRE(*got);
  check_same(**got, row);
  const auto page = reopened->page("", 10);
  REQUIRE(page);
  REQUIRE(page->size() == 1);
  check_same(page->front(), row);
  CHECK(reopened->skipped() == 0);
}

TEST_CASE("C-17 the key is the domain in its one form; writing again replaces, an empty row forgets") {
  StoreFolder f;
  const auto store = f.store();
  StoredRow newer = stored_row("d.example");
  newer.domain = domain_of("D.Example.");
  newer.id = "newer";
  REQUIRE(store->write({put(stored_row("d.example")), put(stored_row("e.example"))}));
  REQUIRE(store->write({put(newer), {domain_of("e.example"), {}}, {domain_of("unknown.example"), {}}}));
  CHECK(names_in(*store) == std::vector<std::string>{"d.example"});
  CHECK((*store->get(domain_of("d.example")))->id == "newer");
  CHECK_FALSE(*store->get(domain_of("e.example")));
}

TEST_CASE("pages come in ascending order of octets, each row once, an empty page is the end") {
  StoreFolder f;
  const auto store = f.store();
  const std::vector<std::string> ascending{"1.example",  "a-b.example",           "a.example", "a.example.org",
                                           "ab.example", "xn--bcher-kva.example", "z.example"};
  for (const std::string& name : ascending) REQUIRE(store->write({put(stored_row(name))}));
  const std::size_t most = GENERATE(1U, 2U, 3U, 7U, 100U);
  std::vector<std::string> seen;
  const auto rows = all_rows(*store, most);
  REQUIRE(rows);
  for (const StoredRow& row : *rows) seen.push_back(row.domain.text());
  CHECK(seen == ascending);
  CHECK(store->page("zz", 10)->empty());
}

TEST_CASE("a thousand rows are one commit") {
  StoreFolder f;
  f.fill(1000);
  const auto store = f.store();
  CHECK(all_rows(*store)->size() == 1000);
  CHECK(*store->erase_all() == 1000);
  CHECK(all_rows(*store)->empty());
}

TEST_CASE("what is published cannot be read by other users") {
  StoreFolder f;
  const auto store = f.store();
  REQUIRE(store->write({put(stored_row("d.example"))}));
  for (const char* suffix : {"", "-wal", "-shm", "-lock"}) {
    CAPTURE(suffix);
    REQUIRE(fs::exists(f.path + suffix));
    CHECK((fs::status(f.path + suffix).permissions() & fs::perms(077)) == fs::perms::none);
  }
}

TEST_CASE("only the daemon makes a file") {
  StoreFolder f;
  const auto mode = GENERATE(SqliteStore::Mode::existing, SqliteStore::Mode::read_only);
  const auto opened = f.open(mode);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().text.find(f.path) != std::string::npos);
  CHECK(f.files().empty());
}

TEST_CASE("an existing file is read and written by who is no daemon") {
  StoreFolder f;
  f.fill(3);
  const auto store = f.store(SqliteStore::Mode::existing);
  REQUIRE(store->write({{domain_of(f.name(1)), {}}}));
  CHECK(names_in(*store) == std::vector<std::string>{f.name(0), f.name(2)});
}

TEST_CASE("who is no daemon makes no schema in an empty file, and follows no link to a file") {
  StoreFolder f;
  const std::string target = (f.folder / "target").string();
  SECTION("empty") { std::ofstream(f.path).flush(); }
  SECTION("a link") {
    f.fill(3);
    fs::rename(f.path, target);
    fs::create_symlink(target, f.path);
  }
  const auto before = f.files();
  CHECK_FALSE(f.open(SqliteStore::Mode::existing));
  CHECK(f.files() == before);
}

TEST_CASE("a link on the way to the folder is followed") {
  StoreFolder f;
  f.fill(3);
  const fs::path link = f.folder / "link";
  fs::create_directory_symlink(f.folder, link);
  f.path = (link / "cache.db").string();
  CHECK(names_in(*f.store(SqliteStore::Mode::existing)).size() == 3);
  fs::remove(link);
}

TEST_CASE("a path with the marks of a URI is only a path") {
  StoreFolder f;
  f.path = (f.folder / "a?mode=memory#50%25.db").string();
  REQUIRE(f.store()->write({put(stored_row("d.example"))}));
  CHECK(fs::exists(f.path));
  CHECK(names_in(*f.store(SqliteStore::Mode::read_only)).size() == 1);
}

TEST_CASE("a folder that is missing is trouble for now, not for ever") {
  StoreFolder f;
  f.path = (f.folder / "missing" / "cache.db").string();
  const auto opened = f.open();
  REQUIRE(opened);
  REQUIRE(opened->trouble);
  CHECK(opened->trouble->text.find(f.path) != std::string::npos);
  CHECK(opened->trouble->text.find("No such file") != std::string::npos);
  CHECK_FALSE(opened->store->write({put(stored_row("d.example"))}));
  CHECK_FALSE(opened->store->page("", 1));
  fs::create_directory(f.folder / "missing");
  CHECK(opened->store->write({put(stored_row("d.example"))}));
  CHECK(names_in(*opened->store).size() == 1);
}

TEST_CASE("a file that is taken away is made anew, and the loss is told once") {
  StoreFolder f;
  const auto store = f.store();
  REQUIRE(store->write({put(stored_row("a.example"))}));
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(f.path + suffix);
  REQUIRE(store->write({put(stored_row("b.example"))}));
  CHECK(store->take_loss());
  CHECK_FALSE(store->take_loss());
  CHECK(names_in(*store) == std::vector<std::string>{"b.example"});
  CHECK(f.log.count(LogLevel::warning, "action=lost") == 1);
}

TEST_CASE("C-16 an enforced policy survives a restart with its age") {
  StoreFolder f;
  ManualExecutor lane, loop;
  Metrics metrics;
  const auto settle = [&] {
    while (lane.run() + loop.run() > 0) {
    }
  };
  {
    PolicyCache cache({}, [](const Entry&) {});
    StoreShadow shadow({lane, lane, loop, f.time, f.time, f.log, metrics, cache}, f.store());
    cache.put(policy("d.example", Mode::enforce, seconds(604800), f.time.life() - seconds(100)), f.time.life());
    shadow.changed(domain_of("d.example"));
    settle();
  }
  f.time.advance(seconds(3600));
  PolicyCache cache({}, [](const Entry&) {});
  StoreShadow shadow({lane, lane, loop, f.time, f.time, f.log, metrics, cache}, f.store());
  shadow.load([&](const StoredRow& row) { cache.put(from_row(row, f.time), f.time.life()); }, [] {});
  settle();
  const Entry* entry = cache.find("d.example");
  REQUIRE(entry != nullptr);
  CHECK(entry->held->policy.mode == Mode::enforce);
  CHECK(entry->held->fetched == f.time.life() - seconds(3700));
  CHECK(shadow.state() == "ok");
}

TEST_CASE("a sync copies a long log into the file, and a log that grows faster is copied by a commit") {
  StoreFolder f;
  const bool synced = GENERATE(true, false);
  const int pages = synced ? 1000 : 4096;  // a commit of one row changes one page at least
  CAPTURE(synced);
  const auto store = f.store();
  const auto rows_without_log = [&] {
    StoreFolder copy;
    fs::copy_file(f.path, copy.path);
    return names_in(*copy.store()).size();
  };
  for (int i = 0; i < 100; ++i) REQUIRE(store->write({put(stored_row(f.name(i)))}));
  REQUIRE(store->sync());
  CHECK(rows_without_log() == 0);
  for (int i = 0; i < pages; ++i) REQUIRE(store->write({put(stored_row(f.name(i)))}));
  if (synced) REQUIRE(store->sync());
  CHECK(rows_without_log() >= static_cast<std::size_t>(pages / 2));
}

TEST_CASE("C-16 syncs on their thread and writes on theirs do not wait for each other, nor harm") {
  StoreFolder f;
  constexpr int kCount = 2000;
  {
    const auto store = f.store();
    std::atomic<bool> done = false;
    int failures = 0, syncs = 0;
    std::thread syncing([&] {
      for (; !done; ++syncs) failures += store->sync() ? 0 : 1;
    });
    for (int i = 0; i < kCount; ++i) CHECK(store->write({put(stored_row(f.name(i)))}));
    done = true;
    syncing.join();
    CHECK(failures == 0);
    CHECK(syncs > 1);
  }
  CHECK(f.corrupt_files().empty());
  CHECK(names_in(*f.store()).size() == kCount);
}

TEST_CASE("C-16 with the threads of the daemon: what was pending is durable when drained") {
  StoreFolder f;
  constexpr int kCount = 700;
  {
    Loop loop;
    Metrics metrics;
    PolicyCache cache({}, [](const Entry&) {});
    WorkerLane lane("store"), sync_lane("sync");
    StoreShadow shadow({lane, sync_lane, loop, loop, f.time, f.log, metrics, cache}, f.store());
    const auto change_all = [&] {
      for (int i = 0; i < kCount; ++i) {
        cache.put(policy(f.name(i), Mode::enforce, seconds(604800), f.time.life()), f.time.life());
        shadow.changed(domain_of(f.name(i)));
      }
      shadow.drain([&] { loop.stop(); });
    };
    shadow.load([](const StoredRow&) {}, change_all);
    loop.run();
    CHECK(shadow.pending() == 0);
  }
  CHECK(names_in(*f.store()).size() == kCount);
}
