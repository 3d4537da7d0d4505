#include "event/backlog.h"

#include <memory>
#include <string>
#include <vector>

#include "catch.h"
#include "event/fd_event.h"
#include "unit/event/ends.h"

using namespace tlspolicyd;
using Seen = std::vector<std::string>;

namespace {

// Far above a turn's share of the backlog.
void work_long() {
  const auto end = std::chrono::steady_clock::now() + milliseconds(20);
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Three long tasks, the first of which makes `event`, which is watched for input, ready.
Seen order_of(FdEvent::Urgency urgency, milliseconds share = Loop::kBacklogShare) {
  Loop loop(share);
  Ends ends = connected();
  Seen seen;
  FdEvent event(
      loop, ends.mine.get(),
      [&](FdEvent::Watch) {
        seen.push_back("event");
        event.watch(FdEvent::Watch::nothing);
        if (seen.size() == 4) loop.stop();
      },
      urgency);
  event.watch(FdEvent::Watch::read);
  for (const char* name : {"first", "second", "third"})
    loop.post([&, name] {
      seen.push_back(name);
      if (seen.size() == 1) REQUIRE(write(ends.peer.get(), "x", 1) == 1);
      if (seen.size() == 4) loop.stop();
      work_long();
    });
  loop.run();
  return seen;
}

}  // namespace

TEST_CASE("what is urgent waits for one task of the backlog, and not for all that were there") {
  CHECK(order_of(FdEvent::Urgency::at_once) == Seen{"first", "event", "second", "third"});
}

TEST_CASE("what is not urgent takes its turn") {
  CHECK(order_of(FdEvent::Urgency::in_turn) == Seen{"first", "second", "third", "event"});
}

TEST_CASE("a loop where nothing is urgent works off all that is there") {
  CHECK(order_of(FdEvent::Urgency::at_once, Loop::kWholeBacklog) == Seen{"first", "second", "third", "event"});
}

TEST_CASE("the backlog moves on however much is urgent") {
  Loop loop;
  Ends ends = connected();
  int urgent = 0;
  FdEvent always(
      loop, ends.mine.get(), [&](FdEvent::Watch) { REQUIRE(++urgent < 1000); }, FdEvent::Urgency::at_once);
  always.watch(FdEvent::Watch::write);
  std::function<void(int)> count_down = [&](int left) {
    if (left == 0) return loop.stop();
    loop.post([&, left] { count_down(left - 1); });
  };
  count_down(50);
  loop.run();
  CHECK(urgent >= 50);
}

TEST_CASE("time that is up leaves the rest of the backlog for later, in order") {
  Backlog backlog;
  Seen seen;
  for (const char* name : {"a", "b", "c"}) backlog.add([&, name] { seen.push_back(name); });
  backlog.work_off(milliseconds(0));
  CHECK(seen == Seen{"a"});
  backlog.work_off(milliseconds(60'000));
  CHECK(seen == Seen{"a", "b", "c"});
  CHECK(backlog.empty());
}

TEST_CASE("a task stands in the backlog once, and may add itself again when it runs") {
  Backlog backlog;
  int ran = 0;
  BacklogTask task(backlog, [&] {
    if (++ran == 1) task.add();
  });
  task.add();
  task.add();
  backlog.work_off(milliseconds(0));
  CHECK(ran == 1);
  backlog.work_off(milliseconds(60'000));
  CHECK(ran == 2);
  CHECK(backlog.empty());
}

TEST_CASE("a task that is cancelled or gone does not run") {
  Backlog backlog;
  BacklogTask cancelled(backlog, [] { FAIL("it was cancelled"); });
  auto gone = std::make_unique<BacklogTask>(backlog, [] { FAIL("it is gone"); });
  cancelled.add();
  gone->add();
  cancelled.cancel();
  gone.reset();
  backlog.work_off(milliseconds(60'000));
  CHECK(backlog.empty());
}

TEST_CASE("a task that is left when the backlog ends may hold another") {
  auto backlog = std::make_unique<Backlog>();
  auto held = std::make_shared<BacklogTask>(*backlog, [] { FAIL("nobody ran it"); });
  const std::weak_ptr<BacklogTask> seen = held;
  backlog->add([held] {});
  held->add();
  held.reset();
  backlog.reset();
  CHECK(seen.expired());
}

TEST_CASE("a timer that has run out can be cancelled, or put off, while it waits for its turn") {
  Loop loop;
  const auto cancelled = loop.make([] { FAIL("a cancelled timer fired"); });
  const auto put_off = loop.make([] { FAIL("it fires in an hour"); });
  cancelled->start(milliseconds(0));
  put_off->start(milliseconds(0));
  loop.post([&] {
    cancelled->cancel();
    put_off->start(milliseconds(3'600'000));
    loop.post([&] { loop.stop(); });
  });
  loop.run();
}

TEST_CASE("a descriptor that waits for its turn is told only what is still watched") {
  Loop loop;
  Ends ends = connected();
  std::vector<FdEvent::Watch> told;
  REQUIRE(write(ends.peer.get(), "x", 1) == 1);
  FdEvent event(loop, ends.mine.get(), [&](FdEvent::Watch ready) {
    told.push_back(ready);
    loop.stop();
  });
  FdEvent silenced(loop, ends.peer.get(), [](FdEvent::Watch) { FAIL("nothing is watched"); });
  FdEvent before(
      loop, ends.peer.get(),
      [&](FdEvent::Watch) {
        event.watch(FdEvent::Watch::write);
        silenced.watch(FdEvent::Watch::nothing);
      },
      FdEvent::Urgency::at_once);
  event.watch(FdEvent::Watch::read_write);
  silenced.watch(FdEvent::Watch::write);
  before.watch(FdEvent::Watch::write);
  loop.run();
  CHECK(told == std::vector<FdEvent::Watch>{FdEvent::Watch::write});
}
