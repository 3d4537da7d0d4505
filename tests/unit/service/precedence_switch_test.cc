// Whether DANE precedence is in force: the canary and the level.
#include "service/precedence_switch.h"

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_dns.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"
#include "service/resolver_canary.h"

using namespace tlspolicyd;
using namespace std::chrono_literals;

namespace {

struct Rig {
  Rig() { canary.ask({"", RrType::ns}); }

  void answer(bool authentic) { dns.set_records("", RrType::ns, {OtherRdata{}}, authentic); }
  void pass(seconds by) {
    time.advance(by);
    loop.run();
  }

  ManualExecutor loop;
  FakeTime time;
  FakeDns dns{loop};
  CapturedLog log;
  Metrics metrics;
  int answers = 0;
  ResolverCanary canary{{dns, time, log, metrics}, [this] { ++answers; }};
};

}  // namespace

TEST_CASE("N-11 the canary: AD counts as seen until NOERROR comes without it") {
  Rig rig;
  CHECK(rig.canary.validates());
  rig.answer(false);
  rig.loop.run();
  CHECK_FALSE(rig.canary.validates());
  CHECK(rig.answers == 1);
  CHECK(rig.metrics.value("dane_canary", "no_ad") == 1);
}

TEST_CASE("N-11 the canary is asked hourly, and a failure keeps the last state") {
  Rig rig;
  rig.answer(true);
  rig.loop.run();
  const auto failure = GENERATE(DnsStatus::timeout, DnsStatus::server_failure);
  rig.dns.fail("", RrType::ns, failure);
  rig.pass(3599s);
  CHECK(rig.dns.count("", RrType::ns) == 1);
  rig.pass(1s);
  CHECK(rig.dns.count("", RrType::ns) == 2);
  CHECK(rig.canary.validates());
  rig.answer(false);
  rig.pass(3600s);
  CHECK_FALSE(rig.canary.validates());
  rig.dns.fail("", RrType::ns, failure);
  rig.pass(3600s);
  CHECK_FALSE(rig.canary.validates());
  CHECK(rig.answers == 2);
  CHECK(rig.metrics.value("dane_canary", "failed") == 2);
}

TEST_CASE("a resolver that does not answer at start is warned about once and asked again every minute") {
  Rig rig;
  rig.dns.fail("", RrType::ns, DnsStatus::timeout);
  rig.loop.run();
  rig.pass(60s);
  rig.pass(60s);
  CHECK(rig.dns.count("", RrType::ns) == 3);
  CHECK(rig.log.count(LogLevel::warning, "resolver: ") == 1);
  rig.answer(true);
  rig.pass(60s);
  rig.pass(60s);
  CHECK(rig.dns.count("", RrType::ns) == 4);
}

TEST_CASE("precedence is active for a Postfix that does DANE, behind a resolver that validates") {
  const auto [level, dnssec, validates, active] = GENERATE(table<BaseLevel, bool, bool, bool>({
      {BaseLevel::dane, true, true, true}, {BaseLevel::dane_only, true, true, true}, {BaseLevel::dane, false, true, false},
      {BaseLevel::dane, true, false, false}, {BaseLevel::may, true, true, false}, {BaseLevel::secure, true, true, false},
      {BaseLevel::unknown, true, true, false}}));
  CapturedLog log;
  PrecedenceSwitch precedence(log);
  CHECK_FALSE(precedence.level_known());
  CHECK_FALSE(precedence.active());
  precedence.set_postfix({level, dnssec});
  precedence.set_resolver(validates ? AdBit::trusted : AdBit::missing, ". NS");
  CHECK(precedence.level_known());
  CHECK(precedence.base_level() == level);
  CHECK(precedence.active() == active);
}

TEST_CASE("N-11 a resolver that does not validate is warned about once, with the cure, where DANE is wanted") {
  CapturedLog log;
  PrecedenceSwitch precedence(log);
  precedence.set_postfix({BaseLevel::may, true});
  precedence.set_resolver(AdBit::missing, ". NS");
  CHECK(log.count(LogLevel::warning, "resolver: ") == 0);
  precedence.set_postfix({BaseLevel::dane, true});
  precedence.set_resolver(AdBit::missing, ". NS");
  precedence.set_resolver(AdBit::missing, ". NS");
  CHECK(log.count(LogLevel::warning, "resolver: reason=no AD in its answer to . NS: it does not validate") == 1);
  precedence.set_resolver(AdBit::trusted, ". NS");
  CHECK(log.count(LogLevel::info, "dane: precedence=on") == 1);
  precedence.set_resolver(AdBit::missing, ". NS");
  CHECK(log.count(LogLevel::warning, "resolver: ") == 2);
  CHECK(log.count(LogLevel::info, "dane: precedence=off") == 1);
}

TEST_CASE("N-11 a resolver whose AD does not count is told as that, not as one that does not validate") {
  Rig rig;
  rig.dns.set("", RrType::ns, {.status = DnsStatus::found, .records = {OtherRdata{}}, .ad_ignored = true, .ttl = 60s});
  rig.loop.run();
  CHECK_FALSE(rig.canary.validates());
  PrecedenceSwitch precedence(rig.log);
  precedence.set_postfix({BaseLevel::dane, true});
  precedence.set_resolver(rig.canary.ad(), ". NS");
  CHECK(rig.log.count(LogLevel::warning, "reason=\"its AD is not trusted here") == 1);
  CHECK(rig.log.count(LogLevel::warning, "resolver_trust_ad = always") == 1);
  CHECK(rig.log.count(LogLevel::warning, "does not validate") == 0);
}
