// A client, a scripted server and the loop they share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catch.h"
#include "fakes/fake_time.h"
#include "fakes/name_server.h"
#include "net/dns_client.h"

using namespace tlspolicyd;

// Runs the loop until `done()`; fails after a time that no test needs.
template <typename Done>
void run_until(Loop& loop, Done done) {
  bool late = false;
  const auto guard = loop.make([&] { late = true; loop.stop(); });
  const auto look = loop.make([&] { loop.stop(); });
  guard->start(seconds(60));
  while (!done() && !late) {
    look->start(milliseconds(1));
    loop.run();
  }
  REQUIRE_FALSE(late);
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
  FakeTime time;  // stands still unless moved; waiting is done by the loop's own timers
  Metrics metrics;
  NameServer server{loop};

  [[nodiscard]] DnsClient::Options options(std::vector<Resolver> resolvers) const {
    return {.resolvers = std::move(resolvers), .timeout = milliseconds(2000)};
  }
  DnsAnswer ask(Dns& dns, const DnsQuestion& question) {
    Asking asking(dns, question);
    run_until(loop, [&] { return asking.answer.has_value(); });
    return *asking.answer;
  }
  DnsAnswer ask(DnsClient::Options with, const DnsQuestion& question) {
    DnsClient client(loop, time, metrics, std::move(with));
    return ask(client, question);
  }
  DnsAnswer ask(const DnsQuestion& question) { return ask(options({server.resolver()}), question); }
};

inline const DnsQuestion kTxt{"_mta-sts.d.example", RrType::txt};
inline const std::string kRecord = "v=STSv1; id=1;";
