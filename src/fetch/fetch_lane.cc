#include "fetch/fetch_lane.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace tlspolicyd {
namespace {

// A handshake costs about 0.8 ms, so a turn stays short while a thousand fetches begin.
constexpr int kStartsPerTurn = 8;
// The answer loop wins when there are too few processors for both.
constexpr int kNicer = 5;

// OpenSSL writes with write(), which would raise SIGPIPE; and the signals of the daemon
// are the main thread's.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void be_nice() {
  const auto self = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + kNicer);
}

}  // namespace

FetchLane::FetchLane(Trust& trust)
    : trust_(trust), more_(loop_.make([this] { start_some(); })), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "fetch");
}

FetchLane::~FetchLane() {
  loop_.stop();
  thread_.join();
}

void FetchLane::run() {
  block_signals();
  be_nice();
  loop_.run();
}

void FetchLane::start(Id id, FetchRequest request, bool more_follow, Fetch::Done done) {
  const Fetch::Begin begin{std::chrono::steady_clock::now(), more_follow};
  loop_.post([this, id, request = std::move(request), begin, done = std::move(done)]() mutable {
    enter(id, std::move(request), begin, std::move(done));
  });
}

void FetchLane::add(Id id, std::vector<IpAddress> addresses) {
  loop_.post([this, id, addresses = std::move(addresses)] {
    if (const auto found = fetches_.find(id); found != fetches_.end()) found->second->add(addresses);
  });
}

void FetchLane::cancel(Id id) {
  loop_.post([this, id] { fetches_.erase(id); });
}

void FetchLane::enter(Id id, FetchRequest request, Fetch::Begin begin, Fetch::Done done) {
  fetches_[id] = std::make_unique<Fetch>(
      loop_, trust_, std::move(request), begin,
      [this, id, done = std::move(done)](FetchOutcome outcome) { finished(id, std::move(outcome), done); });
  waiting_.push_back(id);
  if (waiting_.size() == 1) more_->start(milliseconds(0));
}

void FetchLane::start_some() {
  for (int started = 0; started < kStartsPerTurn && !waiting_.empty();) {
    const auto found = fetches_.find(waiting_.front());
    waiting_.pop_front();
    if (found == fetches_.end()) continue;
    ++started;
    found->second->start();
  }
  if (!waiting_.empty()) more_->start(milliseconds(0));
}

// The fetch is still running its callback; it goes in the next turn.
void FetchLane::finished(Id id, FetchOutcome outcome, const Fetch::Done& done) {
  done(std::move(outcome));
  cancel(id);
}

}  // namespace tlspolicyd
