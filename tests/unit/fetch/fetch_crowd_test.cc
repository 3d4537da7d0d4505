// Crowds of slow policy hosts in full size, on a clock that tests move.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "catch.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"
#include "fetch/fetch_queue.h"

using namespace tlspolicyd;
using namespace std::chrono_literals;

namespace {

// Policy hosts by the first letters of their names:
//   slow   a step of progress each second, whole after eight
//   late   shows its certificate at once, then nothing, and all of it after eight seconds
//   drip   shows its certificate at once, then an octet now and then, which is no progress
class PacedHosts final : public Https {
 public:
  PacedHosts(FakeTime& time, ManualExecutor& loop) : time_(time), loop_(loop) {}

  [[nodiscard]] Ticket fetch(FetchRequest request, Done done) override {
    ++begun_[request.host];
    const auto visit = std::make_shared<Visit>(Visit{request.host, request.progress, std::move(done), time_.steady()});
    visit->progress->secured = true;
    visit->progress->trickles = request.host.starts_with("drip");
    visits_.push_back(visit);
    return Ticket([visit] { visit->done = nullptr; });
  }

  void every_second() {
    std::erase_if(visits_, [](const auto& visit) { return visit->done == nullptr; });
    for (const auto& visit : visits_) {
      const auto age = time_.steady() - visit->begun;
      if (visit->host.starts_with("slow")) visit->progress->made_ms = ms(time_.steady());
      if (age < 8s || visit->host.starts_with("drip")) continue;
      loop_.post([visit] {
        if (const Done done = std::exchange(visit->done, nullptr))
          done(FetchOutcome{.fault = FetchFault::none, .status = 200});
      });
    }
  }

  [[nodiscard]] std::size_t most_begun(std::string_view kind) const {
    std::size_t most = 0;
    for (const auto& [host, times] : begun_)
      if (host.starts_with(kind)) most = std::max(most, times);
    return most;
  }

 private:
  struct Visit {
    std::string host;
    std::shared_ptr<FetchProgress> progress;
    Done done;
    SteadyTime begun;
  };
  static std::int64_t ms(SteadyTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
  }

  FakeTime& time_;
  ManualExecutor& loop_;
  std::vector<std::shared_ptr<Visit>> visits_;
  std::unordered_map<std::string, std::size_t> begun_;
};

struct QueueCrowd {
  void start(const std::string& kind, int count) {
    for (int i = 0; i < count; ++i) {
      FetchRequest request{.host = kind + std::to_string(i),
                           .addresses = {*parse_ip("1.2." + std::to_string(i % 200) + ".1")}};
      tickets.push_back(queue.first_contacts().fetch(std::move(request), [this, kind](const FetchOutcome& outcome) {
        if (outcome.fault == FetchFault::none) ++fetched[kind];
      }));
    }
  }
  // The fetches are begun a little apart, as they are where each needs a handshake.
  void pass(seconds by) {
    for (milliseconds left = by; left > 0ms; left -= 100ms) {
      time.advance(100ms);
      loop.run();
      if (++ticks % 10 == 0) hosts.every_second();
      loop.run();
    }
  }

  FakeTime time;
  ManualExecutor loop;
  PacedHosts hosts{time, loop};
  FetchQueue queue{hosts, time, time, 1000};
  std::unordered_map<std::string, int> fetched;
  std::vector<Ticket> tickets;
  int ticks = 0;
};

}  // namespace

TEST_CASE(
    "of 5000 hosts that go on for eight seconds all are fetched within a minute, each begun once, with 1000 drips beside them") {
  QueueCrowd crowd;
  crowd.start("drip", 500);
  crowd.start("slow", 5000);
  crowd.start("drip more", 500);
  crowd.pass(60s);
  CHECK(crowd.fetched["slow"] == 5000);
  CHECK(crowd.hosts.most_begun("slow") == 1);
}

TEST_CASE(
    "of 5000 hosts that answer only after eight seconds all are fetched within a minute, with 1000 drips beside them") {
  QueueCrowd crowd;
  crowd.start("drip", 500);
  crowd.start("late", 5000);
  crowd.start("drip more", 500);
  crowd.pass(60s);
  CHECK(crowd.fetched["late"] == 5000);
}
