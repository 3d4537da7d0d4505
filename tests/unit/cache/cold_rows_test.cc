#include "cache/cold_rows.h"

#include <random>
#include <set>

#include "catch.h"
#include "entries.h"

using namespace tlspolicyd;

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
