#include "event/loop.h"

#include <thread>
#include <utility>

#include "catch.h"
#include "event/fd_event.h"
#include "event/turn_end.h"
#include "event/worker_lane.h"
#include "unit/event/ends.h"

using namespace tlspolicyd;

TEST_CASE("posted tasks run in order on the loop, also from other threads") {
  Loop loop;
  std::vector<int> seen;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
  REQUIRE(seen.size() == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("a timer fires once, can be restarted in its callback, and not after cancel") {
  Loop loop;
  int fired = 0;
  std::unique_ptr<Timer> timer = loop.make([&] {
    if (++fired < 2) timer->start(milliseconds(0));
    else loop.stop();
  });
  const auto cancelled = loop.make([] { FAIL("a cancelled timer fired"); });
  cancelled->start(milliseconds(0));
  cancelled->cancel();
  timer->start(milliseconds(1));
  loop.run();
  CHECK(fired == 2);
}

TEST_CASE("a descriptor reports what it is watched for") {
  Loop loop;
  Ends ends = connected();
  std::vector<FdEvent::Watch> ready;
  FdEvent event(loop, ends.mine.get(), [&](FdEvent::Watch what) {
    ready.push_back(what);
    if (ready.size() == 1) {
      event.watch(FdEvent::Watch::read);
      REQUIRE(write(ends.peer.get(), "x", 1) == 1);
    } else {
      loop.stop();
    }
  });
  event.watch(FdEvent::Watch::write);
  loop.run();
  CHECK(ready == std::vector<FdEvent::Watch>{FdEvent::Watch::write, FdEvent::Watch::read});
}

TEST_CASE("an edge is told once, and again where that is asked for") {
  Loop loop;
  Ends ends = connected();
  int told = 0, turns = 0;
  FdEvent event(
      loop, ends.mine.get(), [&](FdEvent::Watch) { ++told; }, FdEvent::Urgency::at_once, FdEvent::Trigger::edge);
  event.watch(FdEvent::Watch::read);
  REQUIRE(write(ends.peer.get(), "x", 1) == 1);
  // Nothing is ever read. Descriptors that are ready are seen between two turns of the timer.
  std::unique_ptr<Timer> timer;
  timer = loop.make([&] {
    if (++turns == 3) {
      CHECK(std::exchange(told, 0) == 1);
      event.watch_anew();
    }
    if (turns == 6) loop.stop();
    else timer->start(milliseconds(1));
  });
  timer->start(milliseconds(1));
  loop.run();
  CHECK(told == 1);
}

TEST_CASE("the end of input is told along with what came before it") {
  Loop loop;
  Ends ends = connected();
  std::vector<ssize_t> sizes;
  FdEvent event(
      loop, ends.mine.get(),
      [&](FdEvent::Watch) {
        char octet;
        sizes.push_back(read(ends.mine.get(), &octet, 1));
        if (sizes.size() == 1) {
          CHECK_FALSE(event.input_ended());
          REQUIRE(write(ends.peer.get(), "y", 1) == 1);
          ends.peer.reset();
        } else if (sizes.size() == 2) {
          CHECK(event.input_ended());
          event.watch_anew();
        } else {
          loop.stop();
        }
      },
      FdEvent::Urgency::at_once, FdEvent::Trigger::edge);
  event.watch(FdEvent::Watch::read);
  REQUIRE(write(ends.peer.get(), "x", 1) == 1);
  loop.run();
  CHECK(sizes == std::vector<ssize_t>{1, 1, 0});
}

TEST_CASE("the end of a turn comes once, after all that was ready together") {
  Loop loop;
  std::vector<std::string> seen;
  TurnEnd end(loop, [&] {
    seen.push_back("end");
    loop.stop();
  });
  const Ends ends = connected();
  const auto told = [&](FdEvent::Watch) {
    seen.push_back("ready");
    end.request();
  };
  FdEvent first(loop, ends.mine.get(), told, FdEvent::Urgency::at_once);
  FdEvent second(loop, ends.peer.get(), told, FdEvent::Urgency::at_once);
  first.watch(FdEvent::Watch::write);
  second.watch(FdEvent::Watch::write);
  loop.run();
  CHECK(seen == std::vector<std::string>{"ready", "ready", "end"});
}

TEST_CASE("a lane works off the loop and brings the result home") {
  Loop loop;
  const auto home = std::this_thread::get_id();
  std::thread::id worked, done;
  int result = 0;
  {
    WorkerLane lane("test");
    submit(
        lane, loop,
        [&] {
          worked = std::this_thread::get_id();
          return 42;
        },
        [&](int value) {
          result = value;
          done = std::this_thread::get_id();
          loop.stop();
        });
    loop.run();
  }
  CHECK(result == 42);
  CHECK(worked != home);
  CHECK(done == home);
}

TEST_CASE("what a job held may post to its lane when it goes") {
  Loop loop;
  WorkerLane lane("test");
  lane.post([held = std::shared_ptr<void>(nullptr, [&](void*) { lane.post([&] { loop.stop(); }); })] {});
  loop.run();
}

TEST_CASE("a lane finishes what it accepted before it ends") {
  int ran = 0;
  {
    WorkerLane lane("test");
    for (int i = 0; i < 10; ++i) lane.post([&] { ++ran; });
  }
  CHECK(ran == 10);
}
