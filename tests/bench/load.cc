// The load of all measurements of answering; one kind a call, one line of JSON at the end.
//   load ask PORT NAMES CONNECTIONS DEPTH SECONDS   each keeps DEPTH questions in flight
//   load paced PORT NAMES CONNECTIONS RATE SECONDS  RATE questions a second in all
//   load once PORT NAMES CONNECTIONS RATE           each name once; RATE 0: as fast as answered
//   load connect PORT NAMES CONNECTIONS SECONDS     connect, ask one, close, again
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "bench/load_client.h"

using namespace tlspolicyd;
using namespace tlspolicyd::bench;

namespace {

constexpr double kGiveUp = 900;  // seconds: no load runs longer

struct Plan {
  std::string kind;
  std::uint16_t port = 0;
  Names names;
  std::size_t connections = 1, depth = 1;
  double rate = 0, seconds = kGiveUp;
  std::uint64_t questions = UINT64_MAX;

  [[nodiscard]] bool paced() const { return rate > 0; }
  [[nodiscard]] bool in_order() const { return questions != UINT64_MAX; }
  [[nodiscard]] bool reconnects() const { return kind == "connect"; }
};

double seconds_since(SteadyNow::time_point begin) {
  return std::chrono::duration<double>(SteadyNow::now() - begin).count();
}

class Load {
 public:
  explicit Load(const Plan& plan) : plan_(plan), poll_(epoll_create1(0)), clients_(plan.connections) {}

  int run() {
    for (LoadClient& client : clients_)
      if (!open(client)) return std::perror("connect"), 1;
    begin_ = SteadyNow::now();
    if (plan_.paced())
      for (LoadClient& client : clients_) idle_.push_back(&client);
    else
      for (LoadClient& client : clients_) fill(client);
    while (seconds_since(begin_) < plan_.seconds && stats_.answers() + lost_ < plan_.questions) turn();
    stats_.print(seconds_since(begin_));
    return 0;
  }

 private:
  bool open(LoadClient& client) {
    const unsigned source = plan_.reconnects() ? 1 + ++opened_ % 60'000 : 0;  // spares ports in TIME_WAIT
    if (!client.connect(plan_.port, source)) return false;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
    return epoll_ctl(poll_.get(), EPOLL_CTL_ADD, client.fd(), &event) == 0;
  }

  std::string next_name() {
    if (plan_.in_order()) return plan_.names.at(asked_);
    random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
    return plan_.names.at(random_);
  }

  void ask(LoadClient& client, SteadyNow::time_point since) {
    client.ask(next_name(), since);
    ++asked_;
  }

  void fill(LoadClient& client) {
    const auto now = SteadyNow::now();
    while (client.in_flight() < plan_.depth && asked_ < plan_.questions) ask(client, now);
    if (!client.flush()) lose(client);
  }

  void lose(LoadClient& client) {
    lost_ += std::max<std::size_t>(client.in_flight(), 1);
    for (std::size_t n = 0; n < std::max<std::size_t>(client.in_flight(), 1); ++n) stats_.lost();
    if (!open(client)) std::exit(1);
  }

  void turn() {
    if (plan_.paced()) ask_what_is_due();
    std::array<epoll_event, 256> ready;
    const timespec wait{0, 200'000};
    const int count = plan_.paced() ? epoll_pwait2(poll_.get(), ready.data(), ready.size(), &wait, nullptr)
                                    : epoll_wait(poll_.get(), ready.data(), ready.size(), 100);
    for (int i = 0; i < count; ++i) on_ready(*static_cast<LoadClient*>(ready[static_cast<std::size_t>(i)].data.ptr));
  }

  void on_ready(LoadClient& client) {
    const int replies = client.receive(plan_.names.reply(), stats_);
    if (replies < 0) return lose(client);
    if (replies == 0) return;
    if (plan_.reconnects() && !open(client)) std::exit(1);
    if (plan_.paced()) idle_.push_back(&client);
    else fill(client);
  }

  // A question that had to wait for a free connection is measured from when it was due.
  void ask_what_is_due() {
    const auto due = std::min(static_cast<std::uint64_t>(seconds_since(begin_) * plan_.rate), plan_.questions);
    while (asked_ < due && !idle_.empty()) {
      LoadClient& client = *idle_.front();
      idle_.pop_front();
      const auto planned = begin_ + std::chrono::duration_cast<SteadyNow::duration>(
                                        std::chrono::duration<double>(static_cast<double>(asked_ + 1) / plan_.rate));
      ask(client, starved_ ? planned : SteadyNow::now());
      if (!client.flush()) lose(client);
    }
    starved_ = asked_ < due;
  }

  Plan plan_;
  UniqueFd poll_;
  std::vector<LoadClient> clients_;
  std::deque<LoadClient*> idle_;
  LoadStats stats_;
  SteadyNow::time_point begin_;
  std::uint64_t asked_ = 0, lost_ = 0, random_ = 88172645463325252ULL;
  unsigned opened_ = 0;
  bool starved_ = false;
};

std::optional<Plan> parse(int argc, char** argv) {
  if (argc < 6) return std::nullopt;
  const auto names = parse_names(argv[3]);
  if (!names) return std::nullopt;
  Plan plan{.kind = argv[1],
            .port = static_cast<std::uint16_t>(std::atoi(argv[2])),
            .names = *names,
            .connections = static_cast<std::size_t>(std::atoi(argv[4]))};
  if (plan.kind == "connect") plan.seconds = std::atof(argv[5]);
  else if (plan.kind == "once") plan.rate = std::atof(argv[5]), plan.questions = names->count;
  else if (argc < 7) return std::nullopt;
  else if (plan.kind == "ask")
    plan.depth = static_cast<std::size_t>(std::atoi(argv[5])), plan.seconds = std::atof(argv[6]);
  else plan.rate = std::atof(argv[5]), plan.seconds = std::atof(argv[6]);
  return plan.connections > 0 && plan.depth > 0 ? std::optional(plan) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const auto plan = parse(argc, argv);
  if (!plan) return std::fputs("usage: see the head of load.cc\n", stderr), 64;
  prctl(PR_SET_TIMERSLACK, 1);
  return Load(*plan).run();
}
