#include "learn/nat64_watch.h"

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_dns.h"
#include "fakes/fake_time.h"

using namespace tlspolicyd;
using namespace std::chrono_literals;

namespace {

struct Nat64Rig {
  void synthesize(std::vector<std::string> texts, seconds ttl = 1800s) {
    DnsAnswer answer{.status = DnsStatus::found, .ttl = ttl};
    for (const std::string& text : texts) answer.records.emplace_back(AddressRdata{*parse_ip(text)});
    dns.set(kNat64Name, RrType::aaaa, std::move(answer));
  }
  void pass(seconds by) {
    time.advance(by);
    loop.run();
  }
  [[nodiscard]] std::string prefixes() const {
    std::string out;
    for (const Nat64Prefix& prefix : watch.prefixes()) out += to_text(prefix) + " ";
    return out;
  }

  FakeTime time;
  ManualExecutor loop;
  FakeDns dns{loop};
  CapturedLog log;
  Nat64Watch watch{dns, time, &log};
};

}  // namespace

TEST_CASE("F-32 the NAT64 prefix is asked for at the start and again when its TTL ends") {
  Nat64Rig rig;
  rig.synthesize({"2001:67c:2b0:db32:0:1:c000:aa", "2001:67c:2b0:db32:0:1:c000:ab"});
  rig.watch.ask();
  rig.loop.run();
  CHECK(rig.prefixes() == "2001:67c:2b0:db32:0:1::/96 ");
  rig.synthesize({"fd00:64::c000:aa"});
  rig.pass(1799s);
  CHECK(rig.prefixes() == "2001:67c:2b0:db32:0:1::/96 ");
  rig.pass(1s);
  CHECK(rig.prefixes() == "fd00:64::/96 ");
  CHECK(rig.log.count(LogLevel::info, "nat64") == 2);
}

TEST_CASE("F-32 a failed lookup leaves the NAT64 prefix, a denial ends it") {
  Nat64Rig rig;
  rig.synthesize({"fd00:64::c000:aa"}, 0s);
  rig.watch.ask();
  rig.loop.run();
  const auto failure = GENERATE(DnsStatus::timeout, DnsStatus::server_failure, DnsStatus::malformed);
  rig.dns.fail(kNat64Name, RrType::aaaa, failure);
  rig.pass(60s);
  CHECK(rig.dns.count(kNat64Name, RrType::aaaa) == 2);
  CHECK(rig.prefixes() == "fd00:64::/96 ");
  rig.dns.deny(kNat64Name, RrType::aaaa, false);
  rig.pass(60s);
  CHECK(rig.prefixes() == "");
}

TEST_CASE("F-32 whatever the TTL, the NAT64 prefix is asked for once a minute at most and once an hour at least") {
  Nat64Rig rig;
  rig.synthesize({"fd00:64::c000:aa"}, 0s);
  rig.watch.ask();
  rig.loop.run();
  rig.pass(59s);
  CHECK(rig.dns.count(kNat64Name, RrType::aaaa) == 1);
  rig.synthesize({"fd00:64::c000:aa"}, 86'400s);
  rig.pass(1s);
  REQUIRE(rig.dns.count(kNat64Name, RrType::aaaa) == 2);
  rig.pass(3600s);
  CHECK(rig.dns.count(kNat64Name, RrType::aaaa) == 3);
}
