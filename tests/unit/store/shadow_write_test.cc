// StoreShadow: what is written, when, and what happens while writing fails.
#include "catch.h"
#include "shadow_fixture.h"

using namespace tlspolicyd;

TEST_CASE("C-16 what changes is written at once, policies as rows, absences as nothing") {
  ShadowFixture f;
  f.put("a.example");
  CHECK(f.shadow->pending() == 1);
  f.settle();
  REQUIRE(f.store->rows.count("a.example") == 1);
  CHECK(f.shadow->pending() == 0);
  f.cache.put(absence("a.example"), f.time.life());
  f.shadow->changed(domain_of("a.example"));
  f.settle();
  CHECK(f.store->rows.empty());
}

TEST_CASE("a commit begins with the first change and takes what waits when it begins") {
  ShadowFixture f;
  f.put("a.example");
  f.put("b.example");
  f.loop.run();
  CHECK(f.lane.waiting() == 1);  // on its way
  f.put("c.example");
  f.put("c.example");
  f.put("d.example");
  f.loop.run();
  CHECK(f.lane.waiting() == 1);  // not two at a time
  f.settle();
  CHECK(f.store->batches == std::vector<std::size_t>{2, 2});
  CHECK(f.store->rows.size() == 4);
}

TEST_CASE("what comes within 20 ms of a commit's beginning gathers for the next") {
  ShadowFixture f;
  f.put("a.example");
  f.settle_now();
  f.put("b.example");
  f.settle_now();
  f.time.advance(milliseconds(19));
  f.put("c.example");
  f.settle_now();
  CHECK(f.store->batches == std::vector<std::size_t>{1});
  SECTION("and is written then") {
    f.time.advance(milliseconds(1));
    f.settle_now();
    CHECK(f.store->batches == std::vector<std::size_t>{1, 2});
  }
  SECTION("at once where it is a whole commit's rows") {
    for (std::size_t i = 2; i < StoreWriter::kRowsPerCommit; ++i) f.put("d" + std::to_string(i) + ".example");
    f.settle_now();
    CHECK(f.store->batches == std::vector<std::size_t>{1, StoreWriter::kRowsPerCommit});
  }
  SECTION("at once where somebody waits for all to be durable") {
    int drained = 0;
    f.shadow->drain([&] { ++drained; });
    f.settle_now();
    CHECK(f.store->batches == std::vector<std::size_t>{1, 2});
    CHECK(drained == 1);
  }
}

TEST_CASE("what an operator has forgotten leaves the store page by page, without gathering") {
  ShadowFixture f;
  for (int i = 0; i < 1000; ++i) f.stored("d" + std::to_string(i) + ".example");
  f.load();
  f.settle();
  f.put("new.example");  // something gathers
  f.settle_now();
  f.cache.clear();
  f.shadow->forget_all();
  f.settle_now();
  CHECK(f.store->rows.empty());
}

TEST_CASE("after a pause nothing gathers: a change is written at once") {
  ShadowFixture f;
  f.put("a.example");
  f.settle_now();
  f.time.advance(StoreWriter::kGather);
  f.put("b.example");
  f.settle_now();
  CHECK(f.store->rows.size() == 2);
}

TEST_CASE("a thousand rows are one commit, more are not, so that the loop goes on") {
  ShadowFixture f;
  for (int i = 0; i < 1500; ++i) f.put("d" + std::to_string(i) + ".example");
  f.settle();
  CHECK(f.store->batches == std::vector<std::size_t>{1000, 500});
  CHECK(f.store->rows.size() == 1500);
}

TEST_CASE("what the cache holds when the commit begins is written, not what it held before") {
  ShadowFixture f;
  f.put("a.example");
  f.drop("a.example");
  f.put("b.example");
  f.settle();
  CHECK(f.store->rows.count("a.example") == 0);
  CHECK(f.store->rows.count("b.example") == 1);
}

TEST_CASE("what was written is synced within a second, all of it at once") {
  ShadowFixture f;
  f.put("a.example");
  f.settle();
  f.time.advance(milliseconds(900));
  f.put("b.example");
  f.settle_now();
  CHECK(f.store->rows.size() == 2);
  CHECK(f.store->syncs == 0);
  f.time.advance(milliseconds(100));
  f.settle_now();
  CHECK(f.store->durable == 2);
  f.time.advance(seconds(10));
  f.settle_now();
  CHECK(f.store->syncs == 1);
}

TEST_CASE("C-16 a disk that syncs slowly delays no commit, and what came meanwhile is synced next") {
  ShadowFixture f;
  f.put("a.example");
  f.settle_now();
  f.time.advance(StoreWriter::kUnsynced);
  CHECK(f.sync_lane.waiting() == 1);
  for (const char* const name : {"b.example", "c.example"}) {
    f.put(name);
    f.time.advance(StoreWriter::kUnsynced);
    while (f.loop.run() + f.lane.run() > 0) {
    }
  }
  CHECK(f.store->rows.size() == 3);
  CHECK(f.shadow->pending() == 0);
  CHECK(f.sync_lane.waiting() == 1);  // one at a time
  f.settle_now();
  f.time.advance(StoreWriter::kUnsynced);
  f.settle_now();
  CHECK(f.store->syncs == 2);
  CHECK(f.store->durable == 3);
}

TEST_CASE("a sync that fails: one warning, tried again with growing pauses, one line when it is done") {
  ShadowFixture f;
  f.load();
  f.store->fail_syncs("disk I/O error");
  f.put("a.example");
  f.settle();
  f.time.advance(StoreWriter::kUnsynced);
  f.settle();
  CHECK(f.shadow->state() == "failing");
  for (const int pause : {1, 2, 4}) {
    const std::size_t tries = f.store->syncs;
    f.time.advance(milliseconds(pause * 1000 - 1));
    f.settle();
    CHECK(f.store->syncs == tries);
    f.put("b.example");
    f.time.advance(milliseconds(1));
    f.settle();
    CHECK(f.store->syncs == tries + 1);
    CHECK(f.store->rows.size() == 2);
  }
  CHECK(f.log.count(LogLevel::warning, "disk I/O error") == 1);
  CHECK(f.log.count(LogLevel::info, "store: action=recovered") == 0);
  f.store->fail_syncs({});
  f.time.advance(seconds(8));
  f.settle();
  CHECK(f.store->durable == 2);
  CHECK(f.shadow->state() == "ok");
  CHECK(f.log.count(LogLevel::info, "store: action=recovered") == 1);
}

TEST_CASE("a full disk: one warning, growing pauses, nothing lost, one line when caught up") {
  ShadowFixture f;
  f.store->fail_writes("database or disk is full");
  f.put("a.example");
  f.settle();
  CHECK(f.shadow->state() == "failing");
  CHECK(f.shadow->pending() == 1);
  f.put("b.example");
  f.settle();
  CHECK(f.store->batches.size() == 1);  // pausing
  for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
    const std::size_t tries = f.store->batches.size();
    f.time.advance(milliseconds(pause * 1000 - 1));
    f.settle();
    CHECK(f.store->batches.size() == tries);
    f.time.advance(milliseconds(1));
    f.settle();
    CHECK(f.store->batches.size() == tries + 1);
  }
  CHECK(f.log.count(LogLevel::warning, "disk is full") == 1);
  f.store->fail_writes({});
  f.time.advance(seconds(60));
  f.settle();
  CHECK(f.store->rows.size() == 2);
  CHECK(f.shadow->pending() == 0);
  CHECK(f.log.count(LogLevel::info, "store: action=recovered") == 1);
  CHECK(f.metrics.value("store", "write_failed") == 9);
}

TEST_CASE("a second failure is warned of again, and begins with a short pause") {
  ShadowFixture f;
  for (int round = 0; round < 2; ++round) {
    f.store->fail_writes("disk I/O error");
    f.put("a.example");
    f.settle();
    f.store->fail_writes({});
    f.time.advance(seconds(1));
    f.settle();
    CHECK(f.shadow->pending() == 0);
  }
  CHECK(f.log.count(LogLevel::warning, "failing") == 2);
}

TEST_CASE("while writing fails an entry that goes is not written when it works again") {
  ShadowFixture f;
  f.stored("a.example");
  f.cache.put(f.enforced("a.example"), f.time.life());
  f.store->fail_writes("readonly database");
  f.put("b.example");
  f.drop("a.example");
  f.settle();
  f.drop("b.example");
  f.store->fail_writes({});
  f.time.advance(seconds(1));
  f.settle();
  CHECK(f.store->rows.empty());
}

TEST_CASE("X-07 a store that fails for long costs bounded memory and still ends up complete") {
  ShadowFixture f;
  f.stored("gone.example");
  f.cache.put(f.enforced("gone.example"), f.time.life());
  f.load();
  f.settle();
  f.store->fail_writes("database or disk is full");
  f.cache.erase("gone.example");
  f.shadow->forget(domain_of("gone.example"));
  for (std::size_t i = 0; i <= StoreBacklog::kMostNames; ++i) {
    const std::string name = "d" + std::to_string(i) + ".example";
    f.cache.put(i % 1000 == 0 ? f.enforced(name) : absence(name), f.time.life());
    f.shadow->changed(domain_of(name));
  }
  f.settle();
  f.put("last.example");
  f.settle();
  f.store->fail_writes({});
  f.time.advance(seconds(60));
  f.settle();
  CHECK(f.store->rows.count("gone.example") == 0);
  CHECK(f.store->rows.size() == StoreBacklog::kMostNames / 1000 + 2);
  CHECK(f.shadow->pending() == 0);
  CHECK(f.shadow->state() == "ok");
}

TEST_CASE("C-16 after the store lost rows all that the cache holds is written anew") {
  ShadowFixture f;
  for (int i = 0; i < 1200; ++i) f.put("d" + std::to_string(i) + ".example");
  f.cache.put(absence("absent.example"), f.time.life());
  f.settle();
  f.store->lose({"d7.example", "d70.example"});
  f.put("new.example");
  f.settle();
  CHECK(f.store->rows.size() == 1201);
  CHECK(f.shadow->pending() == 0);
}

TEST_CASE("drain reports when all is durable") {
  ShadowFixture f;
  int drained = 0;
  SECTION("nothing waits") {
    f.shadow->drain([&] { ++drained; });
    CHECK(drained == 0);
  }
  SECTION("something waits") {
    f.put("a.example");
    f.shadow->drain([&] {
      ++drained;
      CHECK(f.store->durable == 1);
    });
    f.loop.run();
    CHECK(drained == 0);
  }
  SECTION("something written waits to be synced") {
    f.put("a.example");
    f.settle();
    CHECK(f.store->durable == 0);
    f.shadow->drain([&] {
      ++drained;
      CHECK(f.store->durable == 1);
    });
  }
  SECTION("something written is being synced") {
    f.put("a.example");
    f.settle();
    f.time.advance(StoreWriter::kUnsynced);
    REQUIRE(f.sync_lane.waiting() == 1);
    f.shadow->drain([&] {
      ++drained;
      CHECK(f.store->durable == 1);
    });
    f.loop.run();
    CHECK(drained == 0);
  }
  SECTION("memory only") {
    f.restart(false);
    f.shadow->drain([&] { ++drained; });
  }
  f.settle();
  CHECK(drained == 1);
}

TEST_CASE("drain tries at once although a pause is under way, and gives up at the first failure") {
  ShadowFixture f;
  int drained = 0;
  f.store->fail_writes("disk I/O error");
  f.put("a.example");
  f.settle();
  SECTION("still broken") {
    f.shadow->drain([&] { ++drained; });
    f.settle();
    CHECK(drained == 1);
    CHECK(f.shadow->pending() == 1);
  }
  SECTION("writes, but does not sync") {
    f.store->fail_writes({});
    f.store->fail_syncs("disk I/O error");
    f.shadow->drain([&] { ++drained; });
    f.settle();
    CHECK(drained == 1);
    CHECK(f.store->rows.size() == 1);
  }
  SECTION("works again") {
    f.store->fail_writes({});
    f.shadow->drain([&] { ++drained; });
    f.settle();
    CHECK(drained == 1);
    CHECK(f.store->rows.size() == 1);
  }
}

TEST_CASE("nothing is called after the shadow is gone") {
  ShadowFixture f;
  f.load();
  f.put("a.example");
  f.loop.run();
  const Ticket ticket = f.shadow->get(domain_of("b.example"), [](auto) { FAIL("called"); });
  f.shadow.reset();
  f.settle();
  CHECK(f.loaded == 0);
  CHECK(f.store->rows.count("a.example") == 1);  // what was on its way arrives
}

TEST_CASE("memory only: everything succeeds and nothing is kept") {
  ShadowFixture f(false);
  CHECK(f.shadow->state() == "memory");
  CHECK(f.shadow->loaded());
  f.put("a.example");
  f.load();
  bool got = false;
  const Ticket ticket = f.shadow->get(domain_of("b.example"), [&](auto row) { got = !row; });
  CHECK(f.loaded == 0);
  f.settle();
  f.shadow->forget_all();
  f.settle();
  CHECK(got);
  CHECK(f.loaded == 1);
  CHECK(f.shadow->pending() == 0);
  CHECK(f.store->batches.empty());
}
