#include "dns/link/dns_deadlines.h"

namespace tlspolicyd {
namespace {

// Reached in one turn: others get theirs between.
constexpr int kReachedPerTurn = 64;

}  // namespace

void DnsDeadlines::Deadline::start(SteadyTime at) {
  cancel();
  place_ = deadlines_.pending_.emplace(at, this);
  if (!deadlines_.armed_ || at < *deadlines_.armed_) deadlines_.arm();
}

// The timer may then fire for nothing, which is cheaper than to start it anew each time.
void DnsDeadlines::Deadline::cancel() noexcept {
  if (place_) deadlines_.pending_.erase(*place_);
  place_.reset();
}

void DnsDeadlines::look() {
  armed_.reset();
  const SteadyTime now = clock_.steady();
  for (int reached = 0; reached < kReachedPerTurn && !pending_.empty() && pending_.begin()->first <= now; ++reached) {
    Deadline& first = *pending_.begin()->second;
    first.cancel();
    first.on_reached_();
  }
  arm();
}

void DnsDeadlines::arm() {
  if (pending_.empty()) return;
  armed_ = pending_.begin()->first;
  timer_->start(std::chrono::ceil<milliseconds>(*armed_ - clock_.steady()));
}

}  // namespace tlspolicyd
