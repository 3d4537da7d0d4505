#include "fetch/fetch_queue.h"

#include "catch.h"
#include "fakes/fake_https.h"
#include "fakes/fake_time.h"

using namespace tlspolicyd;
using namespace std::chrono_literals;

namespace {

struct QueueRig {
  explicit QueueRig(std::size_t concurrency) : queue(https, time, time, concurrency) {}

  // Asks for `host`, whose server never answers; the fault lands in `faults` if one comes.
  void hang(Https& entrance, const std::string& host, milliseconds timeout = 60s) {
    https.hold(host);
    start(entrance, host, timeout);
  }
  void start(Https& entrance, const std::string& host, milliseconds timeout = 60s, const char* address = "1.2.3.4") {
    FetchRequest request{.host = host, .addresses = {*parse_ip(address)}};
    request.timeout = timeout;
    tickets.push_back(entrance.fetch(std::move(request),
                                     [this, host](const FetchOutcome& outcome) { faults[host] = outcome.fault; }));
  }
  void end(const std::string& host, FetchFault fault) {
    https.fail(host, fault);
    https.release(host);
    loop.run();
  }
  void pass(milliseconds by) {
    time.advance(by);
    loop.run();
  }
  // The fetch that was begun as that one of all comes a step further now.
  void progress(std::size_t begun) { https.fetched[begun].progress->made_ms = now_ms(); }
  void secure(std::size_t begun) {
    https.fetched[begun].progress->secured = true;
    progress(begun);
  }
  [[nodiscard]] std::int64_t now_ms() const {
    return std::chrono::duration_cast<milliseconds>(time.steady().time_since_epoch()).count();
  }

  FakeTime time;
  ManualExecutor loop;
  FakeHttps https{loop};
  FetchQueue queue;
  std::map<std::string, FetchFault> faults;
  std::vector<Ticket> tickets;
};

}  // namespace

TEST_CASE("as many fetches run as there is room, then the newest first") {
  QueueRig rig(2);
  for (const char* host : {"a", "b", "c", "d"}) rig.hang(rig.queue.first_contacts(), host);
  CHECK(rig.queue.running() == 2);
  CHECK(rig.queue.waiting() == 2);
  rig.https.serve("a", "x");
  rig.https.release("a");
  rig.loop.run();
  REQUIRE(rig.https.fetched.size() == 3);
  CHECK(rig.https.fetched[2].host == "d");
  CHECK(rig.faults.at("a") == FetchFault::none);
}

TEST_CASE("R-09 refreshes use a tenth of the room and go after first contacts") {
  QueueRig rig(20);
  for (int i = 0; i < 5; ++i) rig.hang(rig.queue.refreshes(), "r" + std::to_string(i));
  CHECK(rig.queue.running() == 2);
  for (int i = 0; i < 17; ++i) rig.hang(rig.queue.first_contacts(), "f" + std::to_string(i));
  CHECK(rig.queue.running() == 19);
  rig.start(rig.queue.first_contacts(), "late");
  rig.https.release("f0");
  rig.loop.run();
  rig.pass(1000ms);
  CHECK(rig.https.fetched.back().host == "late");
}

TEST_CASE("the fetch that has been silent longest gives way to a first contact, and begins again") {
  QueueRig rig(2);
  rig.hang(rig.queue.first_contacts(), "silent");
  rig.hang(rig.queue.first_contacts(), "talking");
  rig.pass(2500ms);
  rig.progress(1);
  rig.https.serve("healthy", "x");
  rig.start(rig.queue.first_contacts(), "healthy");
  rig.loop.run();
  CHECK(rig.faults.at("healthy") == FetchFault::none);
  CHECK(rig.faults.count("silent") == 0);
  CHECK(rig.https.count("silent") == 2);
  CHECK(rig.https.count("talking") == 1);
}

TEST_CASE("with few in line nobody gives way within two seconds; after that, without a new arrival") {
  QueueRig rig(4);
  for (const char* host : {"silent", "mute", "dumb", "still"}) rig.hang(rig.queue.first_contacts(), host);
  rig.https.serve("healthy", "x");
  rig.start(rig.queue.first_contacts(), "healthy");
  rig.pass(1900ms);
  CHECK(rig.faults.empty());
  rig.pass(400ms);
  CHECK(rig.faults.at("healthy") == FetchFault::none);
}

TEST_CASE("with many in line whoever is silent gives way sooner, whoever talks does not") {
  QueueRig rig(10);
  rig.hang(rig.queue.first_contacts(), "talking");
  for (int i = 0; i < 50; ++i) rig.hang(rig.queue.first_contacts(), "before" + std::to_string(i));
  rig.https.serve("healthy", "x");
  rig.start(rig.queue.first_contacts(), "healthy");
  for (int i = 0; i < 50; ++i) rig.hang(rig.queue.first_contacts(), "after" + std::to_string(i));
  for (int ms = 0; ms < 1900; ms += 100) {
    rig.pass(100ms);
    rig.progress(0);
  }
  CHECK(rig.https.count("talking") == 1);
  rig.pass(600ms);  // fifty have been tried by then, ten at a time, each for 300 ms or little more
  CHECK(rig.faults.at("healthy") == FetchFault::none);
}

TEST_CASE("R-09 however many are in line, a refresh gives way to none of them within two seconds") {
  QueueRig rig(10);
  rig.hang(rig.queue.refreshes(), "slow");
  for (int i = 0; i < 100; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  for (int ms = 0; ms < 1900; ms += 100) rig.pass(100ms);
  CHECK(rig.https.fetched.size() > 40);
  rig.https.serve("slow", "x");
  rig.https.release("slow");
  rig.loop.run();
  CHECK(rig.https.count("slow") == 1);
  CHECK(rig.faults.at("slow") == FetchFault::none);
}

TEST_CASE("F-15 a fetch that gave way ends at its own deadline all the same") {
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "silent", 5s);
  rig.pass(2500ms);
  rig.hang(rig.queue.first_contacts(), "other", 60s);
  CHECK(rig.https.fetched.back().host == "other");
  rig.pass(2400ms);
  CHECK(rig.faults.empty());
  rig.pass(400ms);
  CHECK(rig.faults.at("silent") == FetchFault::timeout);
}

TEST_CASE("what others left too little time for is no failure of the host") {
  const FetchFault too_slow = GENERATE(FetchFault::timeout, FetchFault::connect_timeout);
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "busy", 60s);
  rig.hang(rig.queue.refreshes(), "never begun", 3s);
  rig.hang(rig.queue.refreshes(), "begun late", 5s);
  rig.hang(rig.queue.refreshes(), "begun in time", 9s);
  rig.pass(4s);
  CHECK(rig.faults.at("never begun") == FetchFault::displaced);
  rig.end("busy", FetchFault::reset);
  REQUIRE(rig.https.fetched.back().host == "begun late");
  rig.pass(1s);
  rig.end("begun late", too_slow);
  CHECK(rig.faults.at("begun late") == FetchFault::displaced);
  REQUIRE(rig.https.fetched.back().host == "begun in time");
  rig.pass(4s);
  rig.end("begun in time", too_slow);
  CHECK(rig.faults.at("begun in time") == too_slow);
}

TEST_CASE("the time spent waiting counts") {
  QueueRig rig(1);
  rig.hang(rig.queue.refreshes(), "first", 10s);
  rig.start(rig.queue.refreshes(), "second", 10s);
  rig.pass(4s);
  rig.https.release("first");
  rig.loop.run();
  REQUIRE(rig.https.fetched.size() == 2);
  CHECK(rig.https.fetched[1].timeout == 6s);
}

TEST_CASE("a ticket that goes makes room") {
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "a");
  rig.start(rig.queue.first_contacts(), "b");
  CHECK(rig.queue.waiting() == 1);
  rig.tickets[0].reset();
  CHECK(rig.https.fetched.back().host == "b");
  rig.tickets[1].reset();
  CHECK(rig.queue.running() == 0);
  CHECK(rig.https.open_tickets() == 0);
}

TEST_CASE("fetches that wait are looked at however much comes and goes meanwhile") {
  QueueRig rig(2);
  rig.hang(rig.queue.first_contacts(), "silent");
  rig.hang(rig.queue.first_contacts(), "silent too");
  rig.https.serve("healthy", "x");
  rig.start(rig.queue.first_contacts(), "healthy");
  for (int i = 0; i < 24; ++i) {
    rig.pass(100ms);
    rig.start(rig.queue.refreshes(), "refresh");
    rig.tickets.pop_back();
  }
  CHECK(rig.faults.at("healthy") == FetchFault::none);
}

TEST_CASE("R-09 hosts that stay silent do not keep refreshes out") {
  QueueRig rig(2);
  rig.hang(rig.queue.first_contacts(), "silent");
  rig.hang(rig.queue.first_contacts(), "silent too");
  rig.pass(2500ms);
  rig.start(rig.queue.refreshes(), "refresh");
  rig.hang(rig.queue.first_contacts(), "newcomer");
  REQUIRE(rig.https.fetched.back().host == "newcomer");
  rig.https.release("newcomer");
  rig.loop.run();
  CHECK(rig.faults.count("refresh") == 1);
}

TEST_CASE("with less room than before nobody gives way in vain") {
  QueueRig rig(2);
  rig.hang(rig.queue.first_contacts(), "silent");
  rig.hang(rig.queue.first_contacts(), "silent too");
  rig.queue.set_concurrency(1);
  rig.start(rig.queue.first_contacts(), "newcomer");
  rig.pass(2500ms);
  CHECK(rig.queue.running() == 2);
  CHECK(rig.https.fetched.size() == 2);
}

TEST_CASE("the last tenth of the room is for first contacts, one at a time") {
  QueueRig rig(20);
  for (int i = 0; i < 50; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  CHECK(rig.queue.running() == 19);
  rig.https.serve("newcomer", "x");
  rig.start(rig.queue.first_contacts(), "newcomer");
  CHECK(rig.https.fetched.back().host != "newcomer");
  rig.pass(1000ms);  // half of the two seconds after which others have to give way
  CHECK(rig.faults.at("newcomer") == FetchFault::none);
  rig.pass(900ms);
  CHECK(rig.queue.running() == 19);
}

TEST_CASE("what gave way does not take the last tenth") {
  QueueRig rig(20);
  for (int i = 0; i < 40; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  while (rig.queue.waiting() < 20 || rig.https.fetched.size() < 40) rig.pass(250ms);
  rig.https.release(rig.https.fetched.back().host);
  rig.https.release(rig.https.fetched[38].host);
  rig.loop.run();
  rig.pass(250ms);
  CHECK(rig.queue.running() == 18);
  rig.https.serve("newcomer", "x");
  rig.start(rig.queue.first_contacts(), "newcomer");
  rig.loop.run();
  CHECK(rig.faults.at("newcomer") == FetchFault::none);
}

TEST_CASE("F-15 a host that has shown its certificate and then makes no progress gives way after two seconds") {
  QueueRig rig(10);
  rig.hang(rig.queue.first_contacts(), "drip");
  rig.secure(0);
  for (int i = 0; i < 50; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  for (int ms = 0; ms < 1900; ms += 100) rig.pass(100ms);
  CHECK(rig.queue.waiting() > 0);
  CHECK(rig.https.count("drip") == 1);
  rig.https.serve("healthy", "x");
  for (int i = 0; i < 9; ++i) rig.hang(rig.queue.first_contacts(), "more" + std::to_string(i));
  rig.start(rig.queue.first_contacts(), "healthy");
  rig.pass(400ms);
  CHECK(rig.faults.at("healthy") == FetchFault::none);
}

TEST_CASE("a slow host that goes on is not begun again for a crowd of its network") {
  QueueRig rig(2);
  rig.hang(rig.queue.first_contacts(), "slow");
  rig.hang(rig.queue.first_contacts(), "silent");
  rig.secure(0);
  for (int i = 0; i < 8; ++i) {
    rig.hang(rig.queue.first_contacts(), "more" + std::to_string(i));
    rig.pass(1000ms);
    rig.progress(0);
  }
  CHECK(rig.https.fetched.size() > 4);
  rig.https.serve("slow", "x");
  rig.https.release("slow");
  rig.loop.run();
  CHECK(rig.https.count("slow") == 1);
  CHECK(rig.faults.at("slow") == FetchFault::none);
}

TEST_CASE("hosts that go on slowly give way after ten seconds to mail that waits") {
  QueueRig rig(2);
  for (const std::size_t host : {0, 1}) {
    rig.hang(rig.queue.first_contacts(), "slow" + std::to_string(host));
    rig.secure(host);
  }
  rig.https.serve("healthy", "x");
  for (int s = 0; s < 9; ++s) {
    rig.pass(1000ms);
    for (const std::size_t host : {0, 1}) rig.progress(host);
  }
  rig.start(rig.queue.first_contacts(), "healthy");
  rig.pass(900ms);
  CHECK(rig.faults.empty());
  rig.pass(200ms);
  CHECK(rig.faults.at("healthy") == FetchFault::none);
}

TEST_CASE("a newcomer of a network that has nothing under way does not wait for the slow hosts of another") {
  QueueRig rig(2);
  for (const std::size_t host : {0, 1}) {
    rig.hang(rig.queue.first_contacts(), "slow" + std::to_string(host));
    rig.secure(host);
  }
  for (int s = 0; s < 3; ++s) {
    rig.pass(900ms);
    for (const std::size_t host : {0, 1}) rig.progress(host);
  }
  rig.hang(rig.queue.first_contacts(), "of their network");
  CHECK(rig.https.count("of their network") == 0);
  rig.https.serve("newcomer", "x");
  rig.start(rig.queue.first_contacts(), "newcomer", 60s, "1.2.4.4");
  rig.loop.run();
  CHECK(rig.faults.at("newcomer") == FetchFault::none);
}

TEST_CASE("where no mail waits any more a host that has shown its certificate gets ten seconds without progress") {
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "thoughtful");
  rig.hang(rig.queue.first_contacts(), "waiting");
  rig.pass(100ms);
  rig.secure(0);
  rig.pass(1800ms);
  rig.tickets.pop_back();
  rig.pass(4000ms);
  REQUIRE(rig.https.count("waiting") == 0);
  rig.https.serve("thoughtful", "x");
  rig.https.release("thoughtful");
  rig.loop.run();
  CHECK(rig.faults.at("thoughtful") == FetchFault::none);
  CHECK(rig.https.count("thoughtful") == 1);
}

TEST_CASE("for mail that waits hosts that have shown their certificates give way one by one, silent ones at once") {
  QueueRig rig(20);
  for (std::size_t i = 0; i < 18; ++i) {
    rig.hang(rig.queue.first_contacts(), "host" + std::to_string(i));
    if (i < 10) rig.secure(i);
  }
  rig.pass(2000ms);
  for (int i = 0; i < 30; ++i) rig.hang(rig.queue.first_contacts(), "newcomer" + std::to_string(i));
  rig.pass(100ms);
  CHECK(rig.https.fetched.size() >= 18 + 8);          // in place of the silent ones
  CHECK(rig.https.fetched.size() <= 18 + 2 + 8 + 2);  // two of the last tenth, one or two of the others
}

TEST_CASE("F-15 an octet now and then is worth no more time than silence, also where no mail waits any more") {
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "drip");
  rig.secure(0);
  rig.https.fetched[0].progress->trickles = true;
  rig.hang(rig.queue.refreshes(), "refresh");  // more than one waits, so that none is the only one
  rig.start(rig.queue.first_contacts(), "waiting");
  rig.pass(1900ms);
  CHECK(rig.https.fetched.size() == 1);
  rig.pass(200ms);
  CHECK(rig.https.fetched.size() > 1);
}

TEST_CASE("of those that gave way the one that had no two seconds begins first, and none holds its place for ever") {
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "drip");
  rig.pass(2500ms);
  rig.hang(rig.queue.first_contacts(), "less tried");
  rig.hang(rig.queue.first_contacts(), "newcomer");
  rig.pass(600ms);
  REQUIRE(rig.https.fetched.back().host == "newcomer");
  rig.https.release("newcomer");
  rig.loop.run();
  REQUIRE(rig.https.fetched.back().host == "less tried");
  for (int s = 0; s < 9; ++s) rig.pass(1000ms);
  CHECK(rig.https.fetched.back().host == "less tried");
  for (int s = 0; s < 2; ++s) rig.pass(1000ms);
  CHECK(rig.https.fetched.back().host == "drip");
  for (int s = 0; s < 11; ++s) rig.pass(1000ms);
  CHECK(rig.https.fetched.back().host == "less tried");
}

TEST_CASE("R-09 a refresh may always run, however many first contacts there are") {
  QueueRig rig(10);
  for (int i = 0; i < 30; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  rig.https.serve("refresh", "x");
  rig.start(rig.queue.refreshes(), "refresh");
  for (int i = 0; i < 50 && rig.faults.count("refresh") == 0; ++i) {
    rig.hang(rig.queue.first_contacts(), "more" + std::to_string(i));
    rig.pass(100ms);
  }
  CHECK(rig.faults.at("refresh") == FetchFault::none);
}

TEST_CASE("thousands that run out of time together do so over many turns") {
  QueueRig rig(1);
  rig.hang(rig.queue.first_contacts(), "silent", 600s);
  for (int i = 0; i < 1000; ++i) rig.start(rig.queue.refreshes(), "r" + std::to_string(i), 5s);
  rig.pass(4900ms);
  REQUIRE(rig.faults.empty());
  for (int ms = 0; ms < 600 && rig.faults.size() < 1000; ++ms) {
    const std::size_t before = rig.faults.size();
    rig.pass(1ms);
    REQUIRE(rig.faults.size() - before <= 64);
  }
  CHECK(rig.faults.size() == 1000);
}

TEST_CASE("a crowd of one network does not overtake a newcomer of another") {
  QueueRig rig(100);
  for (int i = 0; i < 500; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  rig.https.serve("newcomer", "x");
  rig.start(rig.queue.first_contacts(), "newcomer", 60s, "1.2.4.4");
  for (int i = 500; i < 1000; ++i) rig.hang(rig.queue.first_contacts(), "crowd" + std::to_string(i));
  rig.pass(250ms);
  CHECK(rig.faults.at("newcomer") == FetchFault::none);
}
