#include "learn/reachability.h"

#include "catch.h"
#include "fakes/captured_log.h"

using namespace tlspolicyd;
using namespace std::chrono_literals;

namespace {

struct ReachabilityRig {
  void saw(FetchFault fault, int network, const std::string& detail = "no answer") {
    const std::string address = "11." + std::to_string(network) + ".0.1";
    reachability.saw({.fault = fault, .detail = detail, .address = address}, now);
  }
  void fail(int networks, FetchFault fault = FetchFault::connect_timeout) {
    for (int network = 0; network < networks; ++network) saw(fault, network);
  }
  [[nodiscard]] std::size_t warnings() const { return log.count(LogLevel::warning, "port 443"); }

  LifeTime now{LifeTime(1'000'000s)};
  CapturedLog log;
  Reachability reachability{log};
};

}  // namespace

TEST_CASE("one warning says when no policy host can be connected to, with fix") {
  const auto fault =
      GENERATE(FetchFault::connect_timeout, FetchFault::refused, FetchFault::unreachable, FetchFault::blocked);
  ReachabilityRig rig;
  rig.fail(5, fault);
  CHECK(rig.warnings() == 0);  // an outage may be short
  rig.now += 300s;
  rig.fail(5, fault);
  CHECK(rig.warnings() == 1);
  CHECK(rig.log.count(LogLevel::warning, "uses no proxy") == 1);
  rig.now += 86'399s;
  rig.fail(5, fault);
  CHECK(rig.warnings() == 1);
  rig.now += 1s;
  rig.fail(5, fault);
  CHECK(rig.warnings() == 2);
}

TEST_CASE("policy hosts of few networks that are down are no warning") {
  ReachabilityRig rig;
  for (int i = 0; i < 100; ++i) {
    rig.fail(4);
    rig.now += 60s;
  }
  CHECK(rig.warnings() == 0);
}

TEST_CASE("one connection is enough to tell that the way out is open") {
  const auto fault =
      GENERATE(FetchFault::none, FetchFault::status, FetchFault::cert_expired, FetchFault::timeout, FetchFault::reset);
  ReachabilityRig rig;
  rig.fail(5);
  rig.now += 299s;
  rig.saw(fault, 9);
  rig.now += 1s;
  rig.fail(5);
  CHECK(rig.warnings() == 0);
  rig.now += 300s;
  rig.fail(5);
  CHECK(rig.warnings() == 1);
  rig.saw(fault, 9);
  CHECK(rig.log.count(LogLevel::info, "again") == 1);
  rig.saw(fault, 9);
  CHECK(rig.log.count(LogLevel::info, "again") == 1);
}

TEST_CASE("what never left this host says nothing of the way out") {
  ReachabilityRig rig;
  rig.fail(5);
  rig.now += 300s;
  rig.saw(FetchFault::displaced, 9);
  rig.saw(FetchFault::shortage, 9);
  rig.reachability.saw({.fault = FetchFault::timeout, .address = ""}, rig.now);
  rig.fail(1);
  CHECK(rig.warnings() == 1);
}
