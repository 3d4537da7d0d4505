#include "dns/recent_dns.h"

#include <algorithm>
#include <optional>

#include "catch.h"
#include "fakes/fake_dns.h"
#include "fakes/fake_time.h"

using namespace tlspolicyd;

namespace {

const DnsQuestion kAskedHost{"mx1.d.example", RrType::a};

struct RecentDnsFixture {
  ManualExecutor loop;
  FakeTime time;
  FakeDns dns{loop};
  RecentDns recent{dns, loop, time};
  std::vector<Ticket> tickets;
  std::vector<DnsAnswer> answers;

  void ask(const DnsQuestion& question = kAskedHost) {
    tickets.push_back(recent.ask(question, [this](const DnsAnswer& answer) { answers.push_back(answer); }));
  }
};

}  // namespace

TEST_CASE("what is asked at the same time is asked once, and every asker is told") {
  RecentDnsFixture f;
  f.dns.set_address("mx1.d.example", "192.0.2.1");
  f.ask();
  f.ask();
  f.ask({"mx1.d.example", RrType::aaaa});
  f.loop.run();
  CHECK(f.dns.asked.size() == 2);
  REQUIRE(f.answers.size() == 3);
  CHECK(std::count_if(f.answers.begin(), f.answers.end(),
                      [](const auto& answer) { return answer.records.size() == 1; }) == 2);
}

TEST_CASE("those who joined in one question are told one by one, others between") {
  RecentDnsFixture f;
  f.dns.set_address("mx1.d.example", "192.0.2.1");
  for (int i = 0; i < 3; ++i) f.ask();
  std::vector<std::size_t> told;
  while (f.loop.run_one())
    if (told.empty() || told.back() != f.answers.size()) told.push_back(f.answers.size());
  CHECK(told == std::vector<std::size_t>{1, 2, 3});
}

TEST_CASE("an answer serves for ten seconds, with the rest of its TTL, and no longer than that") {
  const auto ttl = GENERATE(seconds(300), seconds(4));
  RecentDnsFixture f;
  f.dns.set_address("mx1.d.example", "192.0.2.1", ttl);
  f.ask();
  f.loop.run();
  f.time.advance(std::min(ttl, RecentDns::kKept) - seconds(1));
  f.ask();
  f.loop.run();
  CHECK(f.dns.asked.size() == 1);
  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[1].ttl == ttl - std::min(ttl, RecentDns::kKept) + seconds(1));
  f.time.advance(seconds(1));
  f.ask();
  f.loop.run();
  CHECK(f.dns.asked.size() == 2);
  CHECK(f.answers.back().ttl == ttl);
}

TEST_CASE("a failure and an answer without a TTL serve who asks in the same second") {
  const bool failure = GENERATE(true, false);
  RecentDnsFixture f;
  f.dns.set_address("mx1.d.example", "192.0.2.1", seconds(0));
  if (failure) f.dns.fail("mx1.d.example", RrType::a, DnsStatus::server_failure);
  f.ask();
  f.loop.run();
  f.time.advance(milliseconds(999));
  f.ask();
  f.loop.run();
  CHECK(f.dns.asked.size() == 1);
  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[1].ttl == seconds(0));
  f.time.advance(milliseconds(1));
  f.ask();
  f.loop.run();
  CHECK(f.dns.asked.size() == 2);
}

TEST_CASE("what was asked before forget() serves nobody who asks later, be it answered or on its way") {
  const bool answered = GENERATE(true, false);
  RecentDnsFixture f;
  f.dns.set_address("mx1.d.example", "192.0.2.1");
  f.ask();
  if (answered) f.loop.run();
  f.recent.forget();
  f.ask();
  f.loop.run();
  CHECK(f.dns.asked.size() == 2);
  CHECK(f.answers.size() == 2);
  f.ask();
  f.loop.run();
  CHECK(f.dns.asked.size() == 2);
}

TEST_CASE("nobody waits with a question that is two seconds old") {
  RecentDnsFixture f;
  f.dns.hold("mx1.d.example");
  f.ask();
  f.time.advance(RecentDns::kJoined - seconds(1));
  f.ask();
  CHECK(f.dns.asked.size() == 1);
  f.time.advance(seconds(1));
  f.ask();
  CHECK(f.dns.asked.size() == 2);
}

TEST_CASE("who went away is not told, be the answer on its way or here already") {
  RecentDnsFixture f;
  f.dns.set_address("mx1.d.example", "192.0.2.1");
  f.ask();
  f.ask();
  f.tickets[0].reset();
  f.loop.run();
  CHECK(f.answers.size() == 1);
  f.ask();
  f.tickets.back().reset();
  f.loop.run();
  CHECK(f.answers.size() == 1);
  CHECK(f.dns.asked.size() == 1);
}

TEST_CASE("no more answers are kept than there is room for, the oldest goes") {
  RecentDnsFixture f;
  const auto host = [](std::size_t n) { return DnsQuestion{"mx" + std::to_string(n) + ".d.example", RrType::a}; };
  for (std::size_t n = 0; n <= RecentDns::kMaxKept; ++n) {
    f.dns.set_address(host(n).name, "192.0.2.1");
    f.ask(host(n));
    f.loop.run();
  }
  const std::size_t asked = f.dns.asked.size();
  f.ask(host(RecentDns::kMaxKept));
  f.ask(host(1));
  f.loop.run();
  CHECK(f.dns.asked.size() == asked);
  f.ask(host(0));
  f.loop.run();
  CHECK(f.dns.asked.size() == asked + 1);
}
