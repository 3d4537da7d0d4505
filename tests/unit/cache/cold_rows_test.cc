#include "cache/cold_rows.h"

#include <random>
#include <set>

#include "catch.h"
#include "entries.h"

using namespace tlspolicyd;

TEST_CASE("a row's tag is kept while the table grows and shrinks, and is replaced by the next") {
  ColdRows rows;
  const auto name = [](unsigned i) { return *Domain::parse("t" + std::to_string(i) + ".example"); };
  for (unsigned i = 0; i < 5000; ++i) rows.add(name(i), i % ColdRows::kTags);
  for (unsigned i = 0; i < 5000; i += 3) rows.remove(name(i));
  rows.add(name(1), 5);
  for (unsigned i = 0; i < 5000; ++i) {
    REQUIRE(rows.contains(name(i)) == (i % 3 != 0));
    REQUIRE(rows.tag_of(name(i)) == (i % 3 == 0 ? 0 : i == 1 ? 5 : i % ColdRows::kTags));
  }
  CHECK(rows.size() == 3333);
}

TEST_CASE("the names of cold rows agree with a plain set whatever comes and goes") {
  std::mt19937 random(7);
  ColdRows rows;
  std::set<std::string> model;
  for (int step = 0; step < 60'000; ++step) {
    const std::string name = "d" + std::to_string(random() % 6000) + ".example";
    if (random() % 5 < 3) {
      rows.add(domain_of(name));
      model.insert(name);
    } else {
      rows.remove(domain_of(name));
      model.erase(name);
    }
    REQUIRE(rows.size() == model.size());
  }
  for (int i = 0; i < 6000; ++i) {
    const std::string name = "d" + std::to_string(i) + ".example";
    REQUIRE(rows.contains(domain_of(name)) == (model.count(name) == 1));
  }
  rows.clear();
  CHECK(rows.size() == 0);
  CHECK_FALSE(rows.contains(domain_of(*model.begin())));
}
