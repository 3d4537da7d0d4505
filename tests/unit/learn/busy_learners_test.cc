// Ended look-ups go also while others end without a pause, on the real loop.
#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>

#include "catch.h"
#include "event/loop.h"
#include "fakes/captured_log.h"
#include "fakes/fake_https.h"
#include "fakes/manual_executor.h"
#include "learn/dane_learner.h"
#include "learn/learner.h"

using namespace tlspolicyd;

namespace {

// Knows no name. Counts the questions whose askers still hold their tickets.
class NoNames final : public Dns {
 public:
  explicit NoNames(Loop& loop) : loop_(loop) {}
  using Dns::ask;
  [[nodiscard]] Ticket ask(const DnsQuestion&, DnsTurn, Done done) override {
    loop_.post([alive = std::weak_ptr<char>(token_), done = std::move(done)] {
      if (!alive.expired()) done({.status = DnsStatus::no_name, .ttl = seconds(60)});
    });
    return Ticket([held = token_] { static_cast<void>(held); });
  }
  [[nodiscard]] long held() const { return token_.use_count() - 1; }

 private:
  Loop& loop_;
  std::shared_ptr<char> token_ = std::make_shared<char>();
};

struct LearnersFixture {
  Loop loop;
  SystemClock clock;
  CapturedLog log;
  Metrics metrics;
  NoNames dns{loop};
  ManualExecutor elsewhere;
  FakeHttps https{elsewhere};
  PolicyCache cache{{}, [](const Entry&) {}};
  StoreShadow shadow{{elsewhere, elsewhere, elsewhere, loop, clock, log, metrics, cache}, nullptr};
  FetchQueue fetches{https, loop, clock, 1};
  Learner learner{{dns, loop, fetches, cache, shadow, loop, clock, log, metrics, [] { return 0.0; }}, {}};
  DaneLearner dane{{dns, loop, cache, shadow, loop, clock, log, metrics}};

  // Two rows of names, each name as soon as the one before it has ended, the second row a turn
  // behind the first: in every turn one ends. Tells how many were held at most.
  long most_held(const std::function<Ticket(const Domain&, std::function<void()>)>& learn) {
    constexpr int kNames = 500;
    int learned = 0;
    long most = 0;
    std::array<Ticket, 2> tickets;
    std::function<void(std::size_t)> next = [&](std::size_t row) {
      most = std::max(most, dns.held());
      if (++learned > kNames) return loop.stop();
      tickets[row] = learn(*Domain::parse("n" + std::to_string(learned) + ".example"),
                           [&, row] { loop.post([&, row] { next(row); }); });
    };
    loop.post([&] {
      next(0);
      loop.post([&] { next(1); });
    });
    loop.run();
    return most;
  }
};

}  // namespace

TEST_CASE("discoveries that have ended are not kept while others end") {
  LearnersFixture f;
  CHECK(f.most_held([&](const Domain& domain, std::function<void()> done) {
    return f.learner.learn(domain, [done = std::move(done)](Learner::Learned) { done(); });
  }) < 50);
}

TEST_CASE("look-ups for DANE that have ended are not kept while others end") {
  LearnersFixture f;
  CHECK(f.most_held([&](const Domain& domain, const std::function<void()>& done) {
    return f.dane.learn(domain, {}, [done](const HopDane&) { done(); });
  }) < 50);
}
