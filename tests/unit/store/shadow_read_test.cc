// StoreShadow: loading at start, point reads, forgetting all.
#include "catch.h"
#include "shadow_fixture.h"
#include "store/stored_row.h"

using namespace tlspolicyd;

namespace {

std::string name(int i) { return "d" + std::to_string(1000 + i) + ".example"; }

struct Read {
  int calls = 0;
  bool found = false;
  Ticket ticket;
  Read(ShadowFixture& f, const std::string& domain)
      : ticket(f.shadow->get(domain_of(domain), [this](const std::optional<StoredRow>& row) {
          ++calls;
          found = row.has_value();
        })) {}
};

}  // namespace

TEST_CASE("C-16 all rows are loaded in the background, page by page, and reported once") {
  ShadowFixture f;
  for (int i = 0; i < 1000; ++i) f.stored(name(i));
  f.load();
  CHECK(f.shadow->state() == "loading");
  CHECK_FALSE(f.shadow->loaded());
  f.settle();
  CHECK(f.rows.size() == 1000);
  CHECK(f.store->pages == 5);
  CHECK(f.loaded == 1);
  CHECK(f.shadow->loaded());
  CHECK(f.shadow->state() == "ok");
  CHECK(f.store->batches.empty());
}

TEST_CASE("C-16 loading never overwrites what is newer") {
  ShadowFixture f;
  f.stored("a.example");
  f.stored("b.example");
  f.load();
  f.loop.run();
  SECTION("known to the cache") {
    f.cache.put(f.enforced("a.example"), f.time.life());
    f.settle();
  }
  SECTION("changed while the page is read") {
    f.lane.run();
    f.drop("a.example");
    f.settle();
    CHECK(f.store->rows.count("a.example") == 0);
  }
  SECTION("changed before the page is read, committed after it") {
    f.drop("a.example");
    f.loop.run();
    CHECK(f.lane.waiting() == 2);
    f.settle();
    CHECK(f.store->rows.count("a.example") == 0);
  }
  SECTION("a change that could not be written yet") {
    f.restart();
    f.store->fail_writes("disk I/O error");
    f.drop("a.example");
    f.settle();
    f.load();
    f.settle();
    f.store->fail_writes({});
    f.time.advance(seconds(1));
    f.settle();
    CHECK(f.store->rows.count("a.example") == 0);
  }
  CHECK(f.rows == std::vector<std::string>{"b.example"});
  CHECK(f.loaded == 1);
}

TEST_CASE("C-16 loading does not bring back what was forgotten while its page was on the way") {
  ShadowFixture f;
  f.stored("a.example");
  f.drop("a.example");  // waits for the next turn
  f.load();             // the page is asked for before the commit
  f.settle();
  CHECK(f.rows.empty());
  CHECK(f.store->rows.empty());
  CHECK(f.cache.find("a.example") == nullptr);
}

TEST_CASE("reading fails: whoever waits goes on, the load is taken up where it stopped") {
  ShadowFixture f;
  for (int i = 0; i < 300; ++i) f.stored(name(i));
  f.load();
  f.loop.run();
  f.lane.run();
  f.loop.run();  // the first page has come, the second is asked for
  f.store->fail_reads("disk I/O error");
  f.settle();
  CHECK(f.loaded == 1);
  CHECK_FALSE(f.shadow->loaded());
  CHECK(f.shadow->state() == "failing");
  CHECK(f.rows.size() == 250);
  f.time.advance(seconds(1));
  f.settle();
  CHECK(f.log.count(LogLevel::warning, "operation=read") == 1);
  f.store->fail_reads({});
  f.time.advance(seconds(2));
  f.settle();
  CHECK(f.rows.size() == 300);
  CHECK(f.loaded == 1);
  CHECK(f.shadow->state() == "ok");
  CHECK(f.log.count(LogLevel::info, "operation=read") == 1);
}

TEST_CASE("a drain does not stop a load that waits to try again") {
  ShadowFixture f;
  f.stored("a.example");
  f.store->fail_reads("disk I/O error");
  f.load();
  f.settle();
  f.store->fail_reads({});
  f.shadow->drain([] {});
  f.settle();
  CHECK(f.shadow->loaded());
  CHECK(f.rows.size() == 1);
}

TEST_CASE("C-16 a read that fails ends no drain before what waits is durable") {
  ShadowFixture f;
  for (int i = 0; i < 300; ++i) f.stored(name(i));
  bool purging = false;
  SECTION("while all is loaded") { f.load(); }
  SECTION("while all is forgotten") {
    f.load();
    f.settle();
    f.cache.clear();
    f.shadow->forget_all();
    purging = true;
  }
  f.store->fail_reads("disk I/O error");
  for (int i = 0; i < 1500; ++i) f.put("new" + std::to_string(i) + ".example");
  int drained = 0;
  std::size_t durable = 0;
  f.shadow->drain([&] {
    ++drained;
    durable = f.store->durable;
  });
  f.settle();
  CHECK(drained == 1);
  CHECK(durable == 1800);
  CHECK((f.shadow->pending() > 0) == purging);
}

TEST_CASE(
    "another process writes the store: rows are read, nothing is written, the right to write is tried for each second") {
  ShadowFixture f;
  f.stored("a.example");
  f.store->take_elsewhere(true);
  f.restart();
  f.load();
  f.put("ours.example");
  f.settle_now();
  CHECK(f.rows == std::vector<std::string>{"a.example"});
  CHECK(f.store->batches.empty());
  CHECK(f.shadow->state() == "read-only");
  CHECK(f.shadow->pending() == 1);
  CHECK(f.log.count(LogLevel::warning, "store: action=read-only") == 1);
  const std::size_t claims = f.store->claims;
  for (int i = 0; i < 5; ++i) {
    f.time.advance(seconds(1));
    f.settle_now();
  }
  CHECK(f.store->claims == claims + 5);
  f.stored("later.example");  // by the other
  f.store->take_elsewhere(false);
  f.time.advance(seconds(1));
  f.settle();
  CHECK(f.shadow->state() == "ok");
  CHECK(f.store->rows.size() == 3);
  CHECK(f.cache.find("later.example") != nullptr);
  CHECK(f.shadow->pending() == 0);
  CHECK(f.log.count(LogLevel::info, "store: action=writable") == 1);
}

TEST_CASE("what another process fetched later than we takes the place of ours, and not the other way") {
  ShadowFixture f;
  f.stored("a.example");
  f.store->take_elsewhere(true);
  f.restart();
  f.load();
  f.settle_now();
  f.put("b.example");
  f.time.advance(milliseconds(500));
  f.stored("b.example");
  f.time.advance(seconds(100));
  f.settle_now();
  f.store->rows.clear();
  f.stored("a.example");
  f.put("b.example");
  const WallTime now = f.time.wall();
  f.store->rows.emplace(
      "b.example", to_row(policy("b.example", Mode::testing, seconds(86400), f.time.life() - seconds(50)), f.time));
  f.store->take_elsewhere(false);
  f.rows.clear();
  f.time.advance(seconds(1));
  f.settle();
  CHECK(f.rows == std::vector<std::string>{"a.example"});
  CHECK(f.store->rows.at("a.example").fetched == now);
  CHECK(f.store->rows.at("b.example").policy.mode == Mode::enforce);
  CHECK(f.cache.find("b.example")->held->policy.mode == Mode::enforce);
}

TEST_CASE("a purge while another process writes the store: forgotten here, and there as soon as it can be") {
  ShadowFixture f;
  f.stored("a.example");
  f.stored("b.example");
  f.store->take_elsewhere(true);
  f.restart();
  f.load();
  f.settle_now();
  const bool all = GENERATE(false, true);
  CAPTURE(all);
  if (all) {
    f.cache.clear();
    f.shadow->forget_all();
  } else {
    f.cache.erase("a.example");
    f.shadow->forget(domain_of("a.example"));
  }
  int drained = 0;
  f.shadow->drain([&] { ++drained; });
  f.settle_now();
  CHECK(drained == 1);
  CHECK(f.shadow->pending() > 0);
  CHECK(f.store->rows.size() == 2);
  f.store->take_elsewhere(false);
  f.time.advance(seconds(1));
  f.settle();
  CHECK(f.store->rows.size() == (all ? 0 : 1));
  CHECK(f.cache.find("a.example") == nullptr);
  CHECK(f.shadow->pending() == 0);
}

TEST_CASE("a drain tries for the right to write once more") {
  ShadowFixture f;
  f.store->take_elsewhere(true);
  f.restart();
  f.load();
  f.put("ours.example");
  f.settle_now();
  f.store->take_elsewhere(false);
  int drained = 0;
  f.shadow->drain([&] { ++drained; });
  f.settle_now();
  CHECK(drained == 1);
  CHECK(f.store->durable == 1);
}

TEST_CASE("a name not loaded yet is a point read, answered on a later turn") {
  ShadowFixture f;
  f.stored("a.example");
  Read there(f, "a.example"), missing(f, "b.example");
  CHECK(there.calls == 0);
  f.settle();
  CHECK(there.calls == 1);
  CHECK(there.found);
  CHECK(missing.calls == 1);
  CHECK_FALSE(missing.found);
}

TEST_CASE("a point read finds nothing where newer is known") {
  ShadowFixture f;
  f.stored("a.example");
  SECTION("changed while it is read") {
    Read read(f, "a.example");
    f.lane.run();
    f.drop("a.example");
    f.settle();
    CHECK(read.calls == 1);
    CHECK_FALSE(read.found);
  }
  SECTION("the commit follows the read on the lane") {
    Read read(f, "a.example");
    f.drop("a.example");
    f.loop.run();
    CHECK(f.lane.waiting() == 2);
    f.settle();
    CHECK(read.calls == 1);
    CHECK_FALSE(read.found);
  }
  SECTION("a change that could not be written yet") {
    f.store->fail_writes("disk I/O error");
    f.drop("a.example");
    f.settle();
    Read read(f, "a.example");
    f.settle();
    CHECK(read.calls == 1);
    CHECK_FALSE(read.found);
  }
  SECTION("all is loaded") {
    f.load();
    f.settle();
    Read read(f, "a.example");
    f.settle();
    CHECK(read.calls == 1);
    CHECK(f.store->gets == 0);
  }
}

TEST_CASE("a point read whose ticket is gone is not answered; one that fails finds nothing") {
  ShadowFixture f;
  f.stored("a.example");
  {
    bool called = false;
    Ticket ticket = f.shadow->get(domain_of("a.example"), [&](auto) { called = true; });
    ticket.reset();
    f.settle();
    CHECK_FALSE(called);
  }
  f.store->fail_reads("disk I/O error");
  Read failing(f, "a.example"), again(f, "a.example");
  f.settle();
  CHECK(failing.calls == 1);
  CHECK(again.calls == 1);
  CHECK_FALSE(failing.found);
  CHECK(f.log.count(LogLevel::warning, "operation=read") == 1);
}

TEST_CASE("forget_all empties the store and keeps what came after it") {
  ShadowFixture f;
  for (int i = 0; i < 700; ++i) f.stored(name(i));
  int drained = 0;
  SECTION("when all is loaded") {
    f.load();
    f.settle();
    f.rows.clear();
  }
  SECTION("while it is loaded") {
    f.load();
    f.loop.run();
    f.lane.run();
  }
  SECTION("before it is loaded") {}
  Read read(f, name(1));
  f.cache.clear();
  f.shadow->forget_all();
  CHECK(f.shadow->pending() > 0);
  f.put("new.example");
  f.shadow->drain([&] { ++drained; });
  f.settle();
  CHECK(f.rows.empty());
  CHECK_FALSE(read.found);
  CHECK(read.calls == 1);
  CHECK(f.shadow->loaded());
  CHECK(drained == 1);
  CHECK(f.shadow->pending() == 0);
  REQUIRE(f.store->rows.size() == 1);
  CHECK(f.store->rows.count("new.example") == 1);
}
