#include "cache/policy_cache.h"
#include "cache/octets_of.h"

#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "entries.h"

using namespace tlspolicyd;

namespace {

constexpr LifeTime kNow{seconds(100'000)};

LifeTime ago(int s) { return kNow - seconds(s); }

struct Fixture {
  std::vector<std::string> evicted;
  PolicyCache cache;
  explicit Fixture(PolicyCache::Bounds bounds)
      : cache(bounds, [this](const Entry& gone) { evicted.push_back(gone.domain.text()); }) {}
};

std::size_t count_listed(const PolicyCache& cache) {
  std::size_t cursor = 0, count = 0;
  for (auto page = cache.list(cursor, 3); !page.empty(); page = cache.list(cursor, 3)) count += page.size();
  return count;
}

}  // namespace

TEST_CASE("C-15 smaller bounds evict some at a time, and nothing grows meanwhile") {
  Fixture f({.max_entries = 1000});
  for (int i = 0; i < 1000; ++i) f.cache.put(absence("d" + std::to_string(i) + ".example", ago(1000 - i)), kNow);
  const std::size_t each = f.cache.census().octets / 1000;
  const PolicyCache::Bounds smaller =
      GENERATE_COPY(PolicyCache::Bounds{.max_entries = 100}, PolicyCache::Bounds{.max_octets = 100 * each});
  CHECK_FALSE(f.cache.set_bounds(smaller, kNow));
  CHECK(f.evicted.size() >= 256);
  CHECK(f.evicted.size() < 300);
  CHECK(f.evicted.front() == "d0.example");
  const std::size_t left = f.cache.census().entries;
  f.cache.put(absence("new.example", kNow), kNow);
  CHECK(f.cache.census().entries <= left);
  int more = 1;
  while (!f.cache.set_bounds(smaller, kNow)) ++more;
  CHECK(more == 3);
  CHECK(f.cache.census().entries <= 101);
  CHECK(f.cache.find("new.example") != nullptr);
}

TEST_CASE("larger bounds hold at once") {
  Fixture f({.max_entries = 1});
  f.cache.put(absence("a.example", ago(1)), kNow);
  CHECK(f.cache.set_bounds({.max_entries = 2}, kNow));
  f.cache.put(absence("b.example", kNow), kNow);
  CHECK(f.evicted.empty());
}

TEST_CASE("C-15 who goes for lack of room") {
  const Entry absent = absence("absent.example", ago(1));
  const Entry expired = policy("expired.example", Mode::enforce, seconds(10), ago(11), ago(2));
  const Entry none = policy("none.example", Mode::none, seconds(900), ago(9), ago(30));
  const Entry testing = policy("testing.example", Mode::testing, seconds(900), ago(9), ago(20));
  const Entry enforce = policy("enforce.example", Mode::enforce, seconds(900), ago(9), ago(500));
  const Entry fresh = policy("fresh.example", Mode::enforce, seconds(900), ago(9), ago(0));
  struct Row {
    const char* name;
    std::vector<Entry> present;
    std::string goes;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {"an absence before a live enforce policy asked for long ago", {enforce, absent}, "absent.example"},
      {"an absence before mode none", {none, absent}, "absent.example"},
      {"an expired enforce policy before mode testing", {testing, expired}, "expired.example"},
      {"expired and absent: the one asked for longer ago", {absent, expired}, "expired.example"},
      {"mode none before enforce", {enforce, none}, "none.example"},
      {"mode testing before enforce", {enforce, testing}, "testing.example"},
      {"none and testing: the one asked for longer ago", {testing, none}, "none.example"},
      {"two enforce policies: the one asked for longer ago", {fresh, enforce}, "enforce.example"},
  }));
  CAPTURE(row.name);
  Fixture f({.max_entries = 2});
  for (const Entry& entry : row.present) f.cache.put(entry, kNow);
  f.cache.put(policy("new.example", Mode::enforce, seconds(900), ago(0), kNow), kNow);
  CHECK(f.evicted == std::vector<std::string>{row.goes});
  CHECK(f.cache.find(row.goes) == nullptr);
  CHECK(f.cache.find("new.example") != nullptr);
}

TEST_CASE("C-15 large policies push large ones out, and no crowd of small ones") {
  Fixture f({.max_octets = 5 << 20});
  for (int i = 0; i < 3000; ++i)
    f.cache.put(policy("small" + std::to_string(i) + ".example", Mode::enforce, seconds(900), kNow, ago(800)), kNow);
  const std::size_t small = f.cache.census().octets;
  REQUIRE(small < 3U << 20);
  for (int i = 0; i < 200; ++i) {
    Entry large = absence("large" + std::to_string(i) + ".example", kNow);
    large.held = held(Mode::enforce, seconds(900), kNow, std::string(65'000, 'x'));
    f.cache.put(std::move(large), kNow);
  }
  REQUIRE(!f.evicted.empty());
  for (const std::string& gone : f.evicted) CHECK(gone.rfind("large", 0) == 0);
  CHECK(f.evicted.front() == "large0.example");
  CHECK(f.cache.find("large199.example") != nullptr);
  CHECK(f.cache.find("small0.example") != nullptr);
}

TEST_CASE("C-15 a name without policy takes no live policy's place") {
  const Mode mode = GENERATE(Mode::enforce, Mode::testing, Mode::none);
  Fixture f({.max_entries = 1});
  f.cache.put(policy("live.example", mode, seconds(900), ago(9), ago(500)), kNow);
  f.cache.put(absence("new.example", kNow), kNow);
  CHECK(f.evicted == std::vector<std::string>{"new.example"});
  CHECK(f.cache.find("live.example") != nullptr);
  CHECK(f.cache.census().entries == 1);
}

TEST_CASE("C-15 below the bounds nothing goes") {
  Fixture f({.max_entries = 100});
  for (int i = 0; i < 100; ++i) f.cache.put(absence("d" + std::to_string(i) + ".example"), kNow);
  CHECK(f.evicted.empty());
  CHECK(f.cache.census().entries == 100);
}

TEST_CASE("C-15 a policy that ends while it is cached sinks without anybody looking at it") {
  Fixture f({.max_entries = 2});
  f.cache.put(policy("short.example", Mode::enforce, seconds(10), kNow, kNow), kNow);
  f.cache.put(policy("long.example", Mode::none, seconds(900), kNow, ago(50)), kNow);
  SECTION("in its last second it is live") {
    f.cache.put(policy("new.example", Mode::enforce, seconds(900), kNow, kNow), kNow + seconds(10));
    CHECK(f.evicted == std::vector<std::string>{"long.example"});
  }
  SECTION("after it, it goes first") {
    f.cache.put(absence("new.example", kNow), kNow + seconds(11));
    CHECK(f.evicted == std::vector<std::string>{"short.example"});
  }
}

TEST_CASE("C-15 a touch saves the entry, also one that came in with an old time") {
  Fixture f({.max_entries = 3});
  for (const char* name : {"a.example", "b.example", "c.example"})
    f.cache.put(absence(name, ago(name[0] == 'c' ? 900 : 700)), kNow);
  f.cache.touch(*f.cache.find("c.example"), kNow);
  f.cache.touch(*f.cache.find("a.example"), kNow + seconds(1));
  f.cache.put(absence("new.example", kNow + seconds(1)), kNow + seconds(1));
  f.cache.put(absence("newer.example", kNow + seconds(2)), kNow + seconds(2));
  CHECK(f.evicted == std::vector<std::string>{"b.example", "c.example"});
  CHECK(f.cache.find("a.example")->last_asked == kNow + seconds(1));
}

TEST_CASE("asked for again within ten minutes, an entry keeps the time it has, or within one where room is short") {
  const auto [bound, step] =
      GENERATE(table<std::size_t, seconds>({{std::size_t{10}, seconds(600)}, {std::size_t{1}, seconds(60)}}));
  Fixture f({.max_entries = bound});
  f.cache.put(absence("a.example", kNow), kNow);
  f.cache.touch(*f.cache.find("a.example"), kNow + step - seconds(1));
  CHECK(f.cache.find("a.example")->last_asked == kNow);
  f.cache.touch(*f.cache.find("a.example"), kNow + step);
  CHECK(f.cache.find("a.example")->last_asked == kNow + step);
}

TEST_CASE("the bound in octets: as many go as it takes, the new one only alone") {
  const Entry small = absence("small.example", ago(5));
  Entry large = policy("large.example", Mode::enforce, seconds(900), kNow, kNow);
  large.held = held(Mode::enforce, seconds(900), kNow, std::string(2000, 'x'));
  Fixture f({.max_octets = octets_of(large) + octets_of(small) - 1});
  f.cache.put(small, kNow);
  f.cache.put(absence("other.example", ago(4)), kNow);
  SECTION("all others go") {
    f.cache.put(large, kNow);
    CHECK(f.evicted == std::vector<std::string>{"small.example", "other.example"});
    CHECK(f.cache.find("large.example") != nullptr);
  }
  SECTION("what could never fit pushes nobody out") {
    large.held = held(Mode::enforce, seconds(900), kNow, std::string(4000, 'x'));
    f.cache.put(large, kNow);
    CHECK(f.evicted == std::vector<std::string>{"large.example"});
    CHECK(f.cache.census().entries == 2);
  }
  SECTION("replacing an entry by one that could never fit forgets both") {
    large = absence("small.example", kNow);
    large.held = held(Mode::enforce, seconds(900), kNow, std::string(4000, 'x'));
    f.cache.put(large, kNow);
    CHECK(f.cache.find("small.example") == nullptr);
    CHECK(f.cache.census().entries == 1);
  }
}

TEST_CASE("an evicted entry is gone already when its owner hears of it") {
  const PolicyCache* seen = nullptr;
  bool found = true;
  PolicyCache cache({.max_entries = 1}, [&](const Entry& gone) { found = seen->find(gone.domain.text()) != nullptr; });
  seen = &cache;
  cache.put(absence("a.example"), kNow);
  cache.put(absence("b.example"), kNow);
  CHECK_FALSE(found);
}

TEST_CASE("C-17 one entry a domain, whatever form it was asked in") {
  Fixture f({});
  for (const char* form : {"D.Example", "d.example.", "d.example"}) f.cache.put(absence(form), kNow);
  CHECK(f.cache.census().entries == 1);
  REQUIRE(f.cache.find("d.example") != nullptr);
  CHECK(f.cache.find("D.Example") == nullptr);
}

TEST_CASE("R-09 what is due comes earliest first, bounded, and stays due until put again") {
  Fixture f({});
  for (const int due : {50, 10, 40, 20, 30, 60}) {
    Entry entry = absence("d" + std::to_string(due) + ".example");
    entry.due = kNow + seconds(due);
    f.cache.put(entry, kNow);
  }
  f.cache.put(absence("never.example"), kNow);
  CHECK(f.cache.next_due() == kNow + seconds(10));
  CHECK(f.cache.due(kNow + seconds(9), 10).empty());
  const auto names = [&](int at, std::size_t most) {
    std::vector<std::string> found;
    for (const Entry* entry : f.cache.due(kNow + seconds(at), most)) found.push_back(entry->domain.text());
    return found;
  };
  CHECK(names(40, 3) == std::vector<std::string>{"d10.example", "d20.example", "d30.example"});
  CHECK(names(40, 10).size() == 4);
  Entry later = absence("d10.example");
  later.due = kNow + seconds(100);
  f.cache.put(later, kNow);
  CHECK(names(40, 10) == std::vector<std::string>{"d20.example", "d30.example", "d40.example"});
  CHECK(f.cache.erase("d20.example"));
  CHECK(f.cache.next_due() == kNow + seconds(30));
}

TEST_CASE("a listing shows each entry that stays exactly once, whatever comes and goes") {
  Fixture f({});
  std::set<std::string> stay;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "d" + std::to_string(i) + ".example";
    f.cache.put(absence(name), kNow);
    if (i % 3 != 0) stay.insert(name);
  }
  std::multiset<std::string> seen;
  std::size_t cursor = 0;
  for (int turn = 0;; ++turn) {
    const auto page = f.cache.list(cursor, 7);
    if (page.empty()) break;
    for (const Entry* entry : page) seen.insert(entry->domain.text());
    f.cache.erase("d" + std::to_string(turn * 9 % 300) + ".example");
    f.cache.put(absence("new" + std::to_string(turn) + ".example"), kNow);
    f.cache.put(absence("d" + std::to_string(turn * 9 % 300 + 1) + ".example", kNow), kNow);
  }
  for (const std::string& name : stay) {
    CAPTURE(name);
    CHECK(seen.count(name) == 1);
  }
}

TEST_CASE("the census counts by what is held and forgets with clear") {
  Fixture f({});
  f.cache.put(policy("a.example", Mode::enforce, seconds(9), kNow), kNow);
  f.cache.put(policy("b.example", Mode::testing, seconds(9), kNow), kNow);
  f.cache.put(policy("c.example", Mode::none, seconds(9), kNow), kNow);
  f.cache.put(absence("d.example"), kNow);
  f.cache.put(policy("d.example", Mode::enforce, seconds(9), kNow), kNow);
  f.cache.put(absence("e.example"), kNow);
  const auto census = f.cache.census();
  CHECK(census.entries == 5);
  CHECK(census.enforce == 2);
  CHECK(census.testing == 1);
  CHECK(census.none == 1);
  CHECK(census.absent == 1);
  CHECK(census.octets >= 5 * sizeof(Entry));
  f.cache.clear();
  CHECK(f.cache.census().entries == 0);
  CHECK(f.cache.census().octets == 0);
  CHECK(count_listed(f.cache) == 0);
  f.cache.put(absence("a.example"), kNow);
  CHECK(count_listed(f.cache) == 1);
}

TEST_CASE("what is expected is found as before, known or not, however much there is") {
  Fixture f({.max_entries = 10'000});
  for (int i = 0; i < 5000; ++i)
    f.cache.put(policy("d" + std::to_string(i) + ".example", Mode::enforce, seconds(900), kNow), kNow);
  f.cache.put(absence("absent.example"), kNow);
  const std::vector<std::string_view> names{"d1.example",      "absent.example", "",
                                            "unknown.example", "d4999.example",  "[d1.example]:25"};
  f.cache.expect(names);
  f.cache.expect(std::vector<std::string_view>(40, "d2.example"));
  CHECK(f.cache.find("d1.example") != nullptr);
  CHECK(f.cache.find("unknown.example") == nullptr);
  CHECK(f.cache.census().entries == 5001);
}
