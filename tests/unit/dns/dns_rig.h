// A client, a scripted server and the loop they share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catch.h"
#include "fakes/fake_time.h"
#include "fakes/name_server.h"
#include "dns/dns_client.h"

using namespace tlspolicyd;

// Runs the loop until `done()`, and `time` with it; fails after a time that no test needs.
template <typename Done>
void run_until(Loop& loop, FakeTime& time, Done done) {
  const auto began = std::chrono::steady_clock::now();
  auto passed = began;
  const auto look = loop.make([&] { loop.stop(); });
  while (!done()) {
    look->start(milliseconds(1));
    loop.run();
    const auto by = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - passed);
    passed += by;
    time.advance(by);
    REQUIRE(passed - began < seconds(60));
  }
}

// A question under way and what came of it.
struct Asking {
  Asking(Dns& dns, const DnsQuestion& question)
      : ticket(dns.ask(question, [this](const DnsAnswer& given) { answer = given; })) {}
  std::optional<DnsAnswer> answer;
  Ticket ticket;
};

struct Rig {
  Loop loop;
  FakeTime time;  // runs with the loop, and can be moved
  Metrics metrics;
  DnsHub hub{loop, time, time, metrics};
  NameServer server{loop};

  template <typename Done>
  void run_until(Done done) {
    ::run_until(loop, time, done);
  }
  // Whatever is under way on the loop.
  void settle() {
    int turns = 0;
    run_until([&] { return ++turns > 20; });
  }
  [[nodiscard]] DnsClient::Options options(std::vector<Resolver> resolvers) const {
    return {.resolvers = std::move(resolvers), .timeout = milliseconds(2000)};
  }
  DnsAnswer ask(Dns& dns, const DnsQuestion& question) {
    Asking asking(dns, question);
    run_until([&] { return asking.answer.has_value(); });
    return *asking.answer;
  }
  DnsAnswer ask(DnsClient::Options with, const DnsQuestion& question) {
    DnsClient client(hub, std::move(with));
    return ask(client, question);
  }
  DnsAnswer ask(const DnsQuestion& question) { return ask(options({server.resolver()}), question); }
};

inline const DnsQuestion kTxt{"_mta-sts.d.example", RrType::txt};
inline const std::string kRecord = "v=STSv1; id=1;";
