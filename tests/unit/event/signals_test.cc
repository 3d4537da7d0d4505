#include "event/signals.h"

#include <algorithm>
#include <csignal>
#include <vector>

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("signals arrive on the loop as numbers") {
  block_signals({SIGUSR1, SIGUSR2});
  Loop loop;
  std::vector<int> seen;
  Signals signals(loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
    seen.push_back(signal);
    if (seen.size() == 2) loop.stop();
  });
  raise(SIGUSR1);
  raise(SIGUSR2);
  loop.run();
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<int>{SIGUSR1, SIGUSR2});
}
