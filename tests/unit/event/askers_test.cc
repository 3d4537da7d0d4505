#include "event/askers.h"

#include <deque>

#include "catch.h"
#include "fakes/manual_executor.h"

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

TEST_CASE("a crowd of askers is told some at a time, and who has left meanwhile is not") {
  ManualExecutor loop;
  Askers<int> askers;
  std::vector<std::shared_ptr<int>> there;
  for (int i = 0; i < 10; ++i) askers.add(there.emplace_back(std::make_shared<int>(i)));
  std::vector<int> seen;
  std::move(askers).each_in_turns(loop, 4, [&seen](int asker) { seen.push_back(asker); });
  CHECK(seen == std::vector<int>{0, 1, 2, 3});
  there[5].reset();
  REQUIRE(loop.run_one());
  CHECK(seen == std::vector<int>{0, 1, 2, 3, 4, 6, 7});
  loop.run();
  CHECK(seen == std::vector<int>{0, 1, 2, 3, 4, 6, 7, 8, 9});
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
