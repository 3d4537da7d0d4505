#include "service/askers.h"

#include <deque>

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("askers that come and leave take no more room than those who are there") {
  Askers<int> askers;
  std::deque<std::shared_ptr<int>> there;
  for (int i = 0; i < 100'000; ++i) {
    there.push_back(std::make_shared<int>(i));
    askers.add(there.back());
    if (there.size() > 10) there.pop_front();
  }
  CHECK(askers.capacity() <= 40);
  std::vector<int> seen;
  askers.each([&](int asker) { seen.push_back(asker); });
  CHECK(seen == std::vector<int>{99990, 99991, 99992, 99993, 99994, 99995, 99996, 99997, 99998, 99999});
  CHECK(askers.any([](int asker) { return asker == 99990; }));
  CHECK_FALSE(askers.any([](int asker) { return asker == 1; }));
}

TEST_CASE("an asker may end those who come after it") {
  Askers<int> askers;
  const auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  askers.add(first);
  askers.add(second);
  std::vector<int> seen;
  askers.each([&](int asker) {
    seen.push_back(asker);
    second.reset();
  });
  CHECK(seen == std::vector<int>{1});
}
