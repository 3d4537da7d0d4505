// Whether DANE precedence is in force: the canary and the level.
#include "learn/precedence_switch.h"

#include <map>
#include <memory>

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"
#include "learn/resolver_canary.h"

using namespace tlspolicyd;
using namespace std::chrono_literals;

namespace {

const Resolver kFirst = *parse_resolver("127.0.0.1"), kSecond = *parse_resolver("127.0.0.2");

const DnsAnswer kSigned{.status = DnsStatus::found, .authentic = true}, kUnsigned{.status = DnsStatus::found},
    kSilent{.status = DnsStatus::timeout, .detail = "no answer"};

// Resolvers that answer the canary as they are told.
class FakeResolvers final : public ValidatingDns {
 public:
  explicit FakeResolvers(ManualExecutor& loop) : loop_(loop) {}
  using Dns::ask;
  Ticket ask(const DnsQuestion&, DnsTurn, Done) override { return {}; }
  const std::vector<Resolver>& resolvers() override { return list; }
  Ticket ask_one(const Resolver& resolver, const DnsQuestion&, Done done) override {
    ++asked[resolver];
    const auto alive = std::make_shared<bool>(true);
    loop_.post([this, alive, resolver, done = std::move(done)] {
      if (*alive) done(answers[resolver]);
    });
    return Ticket([alive] { *alive = false; });
  }
  void set_validates(const Resolver& resolver, bool validates) override { verdicts[resolver] = validates; }
  void on_new_resolver(std::function<void()> tell) override { tell_of_new = std::move(tell); }

  std::vector<Resolver> list{kFirst};
  std::map<Resolver, DnsAnswer> answers;
  std::map<Resolver, int> asked;
  std::map<Resolver, bool> verdicts;
  std::function<void()> tell_of_new;

 private:
  ManualExecutor& loop_;
};

struct SwitchRig {
  // Asks at once; the answers come with the first pass().
  explicit SwitchRig(DnsAnswer first = kSigned) {
    dns.answers[kFirst] = std::move(first);
    canary.ask({"", RrType::ns});
  }
  void pass(milliseconds by = 0ms) {
    loop.run();
    time.advance(by);
    loop.run();
  }

  ManualExecutor loop;
  FakeTime time;
  FakeResolvers dns{loop};
  CapturedLog log;
  Metrics metrics;
  int verdicts = 0;
  ResolverCanary canary{{dns, time, log, metrics}, [this] { ++verdicts; }};
};

}  // namespace

TEST_CASE("N-11 the canary: AD counts as seen until two answers come without it") {
  SwitchRig rig(kUnsigned);
  CHECK(rig.canary.validates());
  rig.pass();
  CHECK(rig.canary.validates());
  CHECK(rig.verdicts == 0);
  rig.pass(500ms);
  CHECK_FALSE(rig.canary.validates());
  CHECK(rig.verdicts == 1);
  CHECK(rig.dns.verdicts == std::map<Resolver, bool>{{kFirst, false}});
  CHECK(rig.metrics.value("dane_canary", "no_ad") == 2);
}

TEST_CASE("N-11 one answer without AD that is not confirmed changes nothing") {
  SwitchRig rig;
  rig.pass();
  rig.dns.answers[kFirst] = kUnsigned;
  rig.pass(3600s);
  rig.dns.answers[kFirst] = kSigned;
  rig.pass(500ms);
  CHECK(rig.canary.validates());
  CHECK(rig.dns.verdicts == std::map<Resolver, bool>{{kFirst, true}});
  CHECK(rig.dns.asked[kFirst] == 3);
  rig.dns.answers[kFirst] = kUnsigned;  // and the doubt is over
  rig.pass(3600s);
  CHECK(rig.canary.validates());
}

TEST_CASE("N-11 the canary is asked hourly, each minute while there is no AD, and a failure keeps the last state") {
  SwitchRig rig;
  rig.pass(3599s);
  CHECK(rig.dns.asked[kFirst] == 1);
  rig.dns.answers[kFirst] = kSilent;
  rig.pass(1s);
  CHECK(rig.dns.asked[kFirst] == 2);
  CHECK(rig.canary.validates());
  rig.dns.answers[kFirst] = kUnsigned;
  rig.pass(3600s);
  rig.pass(500ms);
  CHECK_FALSE(rig.canary.validates());
  CHECK(rig.dns.asked[kFirst] == 4);
  rig.dns.answers[kFirst] = kSilent;
  rig.pass(60s);
  CHECK_FALSE(rig.canary.validates());
  rig.dns.answers[kFirst] = kSigned;
  rig.pass(60s);
  CHECK(rig.canary.validates());
  CHECK(rig.dns.asked[kFirst] == 6);
}

TEST_CASE("N-11 an unanswered confirmation is repeated within the minute") {
  SwitchRig rig;
  rig.pass();
  rig.dns.answers[kFirst] = kUnsigned;
  rig.pass(3600s);
  rig.dns.answers[kFirst] = kSilent;
  rig.pass(500ms);
  CHECK(rig.canary.validates());
  rig.dns.answers[kFirst] = kUnsigned;
  rig.pass(60s);
  CHECK_FALSE(rig.canary.validates());
}

TEST_CASE("N-11 a resolver that is down keeps DANE on alone, not beside one that answers without AD") {
  SwitchRig rig(kSilent);
  rig.pass();
  CHECK(rig.canary.validates());
  rig.dns.list = {kFirst, kSecond};
  rig.dns.answers[kSecond] = kUnsigned;
  rig.dns.tell_of_new();
  rig.pass();
  rig.pass(500ms);
  CHECK_FALSE(rig.canary.validates());
  rig.dns.answers[kFirst] = kSigned;
  rig.pass(60s);
  CHECK(rig.canary.validates());
}

TEST_CASE("N-11 each resolver is asked, one that is new as well, and DANE is off only where none validates") {
  SwitchRig rig;
  rig.pass();
  rig.dns.list = {kFirst, kSecond};
  rig.dns.answers[kSecond] = kUnsigned;
  rig.dns.tell_of_new();
  rig.pass();
  rig.pass(500ms);
  CHECK(rig.dns.verdicts == std::map<Resolver, bool>{{kFirst, true}, {kSecond, false}});
  CHECK(rig.canary.validates());
  CHECK(rig.log.count(LogLevel::warning, "resolver: resolver=127.0.0.2:53, reason=no AD") == 1);
  rig.dns.list = {kSecond};
  rig.dns.tell_of_new();
  rig.pass();
  CHECK_FALSE(rig.canary.validates());
  CHECK(rig.dns.asked[kFirst] == 1);
}

TEST_CASE("a resolver that does not answer at start is warned about once and asked again every minute") {
  SwitchRig rig(kSilent);
  rig.pass();
  rig.pass(60s);
  rig.pass(60s);
  CHECK(rig.dns.asked[kFirst] == 3);
  CHECK(rig.log.count(LogLevel::warning, "resolver: ") == 1);
  rig.dns.answers[kFirst] = kSigned;
  rig.pass(60s);
  rig.pass(60s);
  CHECK(rig.dns.asked[kFirst] == 4);
}

TEST_CASE("precedence is active for a Postfix that does DANE, behind a resolver that validates") {
  const auto [level, dnssec, validates, active] =
      GENERATE(table<BaseLevel, bool, bool, bool>({{BaseLevel::dane, true, true, true},
                                                   {BaseLevel::dane_only, true, true, true},
                                                   {BaseLevel::dane, false, true, false},
                                                   {BaseLevel::dane, true, false, false},
                                                   {BaseLevel::may, true, true, false},
                                                   {BaseLevel::secure, true, true, false},
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
  SwitchRig rig({.status = DnsStatus::found, .ad_ignored = true});
  rig.pass();
  rig.pass(500ms);
  CHECK_FALSE(rig.canary.validates());
  PrecedenceSwitch precedence(rig.log);
  precedence.set_postfix({BaseLevel::dane, true});
  precedence.set_resolver(rig.canary.ad(), ". NS");
  CHECK(rig.log.count(LogLevel::warning, "reason=\"its AD is not trusted here") == 1);
  CHECK(rig.log.count(LogLevel::warning, "resolver_trust_ad = always") == 1);
  CHECK(rig.log.count(LogLevel::warning, "does not validate") == 0);
}
