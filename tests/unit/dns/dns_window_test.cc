// How many questions a resolver gets: the pure rules of the window, the turns and the retries.
#include "dns/link/dns_window.h"

#include <deque>
#include <map>
#include <string>

#include "catch.h"
#include "dns/link/dns_retries.h"
#include "dns/link/dns_turns.h"

using namespace tlspolicyd;

namespace {

const SteadyTime kStart{seconds(1000)};

// A resolver that takes `latency` for an answer and serves so many questions at once.
struct Served {
  milliseconds latency{600};
  std::size_t capacity = 100'000;  // beyond it questions are lost
  bool refuses = false;            // or refused at once
  int silent_of_ten = 0;           // names that are never answered

  std::size_t answered = 0, refused = 0, sent = 0, most_young = 0;

  // A crowd that never ends, for so long.
  void run(DnsWindow& window, milliseconds duration) {
    std::deque<std::pair<SteadyTime, bool>> under_way;  // when sent, and whether it will be answered
    for (SteadyTime now = kStart; now < kStart + duration; now += milliseconds(1)) {
      while (!under_way.empty() && under_way.front().first + latency <= now) {
        if (under_way.front().second) window.answered(under_way.front().first, now), ++answered;
        under_way.pop_front();
      }
      while (window.admits(now)) {
        window.sent(now);
        ++sent;
        most_young = std::max(most_young, window.young());
        if (under_way.size() < capacity) {
          under_way.emplace_back(now, static_cast<int>(sent % 10) >= silent_of_ten);
        } else if (refuses) {
          ++refused;
          window.dropped(now, now);
          window.refused(now);
          break;
        }
      }
    }
  }
};

}  // namespace

// The burst of a crowd: until the last eighth.
SteadyTime fill(DnsWindow& window, SteadyTime now) {
  for (; window.young() < 448; now += milliseconds(1))
    while (window.admits(now)) window.sent(now);
  return now;
}

TEST_CASE(
    "X-07 at most 512 questions younger than a second are sent at first, 64 in a millisecond, the last 64 one by one") {
  DnsWindow window;
  SteadyTime now = kStart;
  for (std::size_t sent = 0; sent < 448; now += milliseconds(1)) {
    std::size_t burst = 0;
    for (; window.admits(now); ++burst) window.sent(now);
    CHECK(burst == std::min<std::size_t>(64, 449 - sent));
    CHECK(window.next() > now);
    sent += burst;
  }
  std::size_t more = 0;
  for (; now < kStart + milliseconds(980); now += milliseconds(1))
    while (window.admits(now)) window.sent(now), ++more;
  CHECK(more >= 60);
  CHECK(window.young() <= 512);
  CHECK(window.admits(kStart + milliseconds(1020)));  // the first of them are older than a second now
}

TEST_CASE(
    "X-07 what was answered together is not sent together again: a resolver that is busy with its answers drops questions") {
  DnsWindow window;
  SteadyTime now = fill(window, kStart);
  const SteadyTime answered = kStart + milliseconds(600);
  for (int i = 0; i < 448; ++i) window.answered(now, answered);
  std::size_t at_once = 0;
  for (now = answered; now < answered + milliseconds(100); now += milliseconds(1))
    while (window.admits(now)) window.sent(now), ++at_once;
  CHECK(at_once >= 85);  // 512 in 600 ms
  CHECK(at_once <= 180);
}

TEST_CASE("whoever comes beside a silent crowd finds a place within some milliseconds, at any time") {
  DnsWindow window;
  std::size_t longest = 0, wait = 0;
  for (SteadyTime now = kStart; now < kStart + seconds(5); now += milliseconds(1)) {
    const bool place = window.admits(now);
    while (window.admits(now)) window.sent(now);  // the crowd takes all
    wait = place ? 0 : wait + 1;
    longest = std::max(longest, wait);
  }
  CHECK(longest <= 20);
}

TEST_CASE("an answer and a cancelled question free their place, one that left the window already does not") {
  DnsWindow window;
  const SteadyTime now = fill(window, kStart);
  const std::size_t young = window.young();
  window.answered(kStart, now);
  CHECK(window.young() == young - 1);
  window.dropped(kStart, now);
  CHECK(window.young() == young - 2);
  const SteadyTime later = now + seconds(2);
  CHECK(window.admits(later));
  window.answered(kStart, later);
  window.dropped(kStart, later);
  CHECK(window.young() == 0);
}

TEST_CASE("X-07 REFUSED cuts the window by a third, once in 100 ms, down to 64") {
  DnsWindow window;
  window.refused(kStart - milliseconds(200));  // of a few questions: not too many
  CHECK(window.limit() == 512);
  for (std::size_t i = 0; i < 64; ++i) window.sent(kStart);
  window.refused(kStart);
  CHECK(window.limit() == 341);
  window.refused(kStart + milliseconds(99));
  CHECK(window.limit() == 341);
  window.refused(kStart + milliseconds(100));
  CHECK(window.limit() == 227);
  for (int i = 2; i < 10; ++i) window.refused(kStart + i * milliseconds(100));
  CHECK(window.limit() == 64);
  CHECK(window.admits(kStart + seconds(11)));
  CHECK(window.limit() == 512);  // another crowd
}

TEST_CASE("X-07 names that are always refused shrink no window where more than nine of ten are answered") {
  DnsWindow window;
  SteadyTime now = kStart;
  for (int i = 0; i < 1000; ++i, now += milliseconds(5)) {
    REQUIRE(window.admits(now));
    window.sent(now);
    if (i % 11 != 10) window.answered(now, now);
    else window.dropped(now, now), window.refused(now);
  }
  CHECK(window.limit() == 512);
}

TEST_CASE("the window grows to 2048 beside a resolver without limits, and well beyond 512 where answers come late") {
  const auto [latency, least] = GENERATE(table<milliseconds, std::size_t>(
      {{milliseconds(50), 2048}, {milliseconds(600), 2048}, {milliseconds(1200), 1000}}));
  CAPTURE(latency.count());
  DnsWindow window;
  Served resolver{.latency = latency};
  resolver.run(window, seconds(15));
  CHECK(window.limit() >= least);
  CHECK(resolver.most_young <= 2048);
}

TEST_CASE("the window takes back the step that brought no more answers") {
  DnsWindow window;
  Served resolver{.capacity = 1024};
  resolver.run(window, seconds(12));
  CHECK(window.limit() >= 640);
  CHECK(window.limit() <= 1024);
  // What was lost on the way: one round beyond what it serves.
  CHECK(resolver.sent - resolver.answered < resolver.sent / 10);
}

TEST_CASE("a resolver that refuses beyond 150 is kept busy, and few are refused") {
  DnsWindow window;
  Served resolver{.capacity = 150, .refuses = true};
  resolver.run(window, seconds(10));
  CHECK(resolver.answered > 1500);
  CHECK(resolver.refused < resolver.answered / 5);
}

TEST_CASE("X-07 silence never shrinks the window: the owner of a name decides about it") {
  DnsWindow window;
  Served resolver{.silent_of_ten = GENERATE(5, 9, 10)};
  resolver.run(window, seconds(10));
  CHECK(window.limit() >= 512);
}

TEST_CASE("what was measured in a crowd ends with it") {
  DnsWindow window;
  Served resolver;
  resolver.run(window, seconds(5));
  REQUIRE(window.limit() > 512);
  CHECK(window.admits(kStart + seconds(16)));
  CHECK(window.limit() == 512);
}

TEST_CASE("turns: each kind has its share, the newest of a kind goes first, refreshes in order") {
  DnsTurns<std::string> turns;
  CHECK(turns.empty());
  for (int i = 0; i < 100; ++i)
    for (const auto& [kind, name] : {std::pair(DnsTurn::enforced, "e"),
                                     {DnsTurn::first_contact, "f"},
                                     {DnsTurn::mail_host, "h"},
                                     {DnsTurn::refresh, "r"}})
      static_cast<void>(turns.add(kind, name + std::to_string(i)));
  std::map<char, int> taken;
  std::map<char, std::string> first;
  for (int i = 0; i < 32; ++i) {
    const std::string name = turns.take();
    if (taken[name[0]]++ == 0) first[name[0]] = name;
  }
  CHECK(taken == std::map<char, int>{{'e', 16}, {'f', 10}, {'h', 4}, {'r', 2}});
  CHECK(first == std::map<char, std::string>{{'e', "e99"}, {'f', "f99"}, {'h', "h99"}, {'r', "r0"}});
}

TEST_CASE("turns: what a kind does not use goes to the others in order, and one may leave") {
  DnsTurns<std::string> turns;
  static_cast<void>(turns.add(DnsTurn::refresh, "r"));
  static_cast<void>(turns.add(DnsTurn::first_contact, "f1"));
  const auto second = turns.add(DnsTurn::first_contact, "f2");
  turns.remove(DnsTurn::first_contact, second);
  CHECK(turns.take() == "f1");
  CHECK(turns.take() == "r");
  CHECK(turns.empty());
}

TEST_CASE("turns: a crowd that never ends starves no older question") {
  DnsTurns<int> turns;
  for (int old = 0; old < 100; ++old) static_cast<void>(turns.add(DnsTurn::first_contact, old));
  int found = 0;
  for (int turn = 0; turn < 1000 && found < 100; ++turn) {
    static_cast<void>(turns.add(DnsTurn::first_contact, 1000 + turn));
    found += turns.take() < 100 ? 1 : 0;
  }
  CHECK(found == 100);
}

TEST_CASE("X-07 retries stay below a tenth of the first questions and fifty more") {
  DnsRetries retries;
  for (int i = 0; i < 4000; ++i) retries.asked_first();
  int taken = 0;
  while (taken < 10'000 && retries.take(kStart)) ++taken;
  CHECK(taken <= 450);
  CHECK(taken >= 445);
  CHECK_FALSE(retries.take(kStart));
  CHECK(retries.take(kStart + seconds(1)));  // calm times are never without
}
