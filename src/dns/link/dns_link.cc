#include "dns/link/dns_link.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include "net/connect.h"

namespace tlspolicyd {
namespace {

// How soon to look again for a free descriptor or port.
constexpr milliseconds kShortagePause{50};
constexpr milliseconds kSweep{500};
constexpr milliseconds kRetryPause{200};  // for a retry that may be made
constexpr unsigned kOthersBetween = 16;
// Questions looked at before other events get their turn: below a millisecond.
constexpr int kTakenPerTurn = 64;

}  // namespace

std::uint16_t RandomNumbers::next() {
  while (left_ == 0) {  // so few octets come whole
    if (::getrandom(stock_.data(), sizeof stock_, 0) == sizeof stock_) left_ = stock_.size();
    else if (errno != EINTR) std::abort();  // a guessable id is no option
  }
  return stock_[--left_];
}

DnsTry::~DnsTry() { link_.cancel(*this); }

DnsLink::DnsLink(Parts parts, const Resolver& resolver, std::size_t max_sockets)
    : parts_(parts),
      sockets_(parts.loop, resolver, max_sockets,
               {[this](DnsTry& each, const DnsOutcome& outcome) { finish(each, outcome); },
                [this] { parts_.metrics.add("dns_tries", "foreign"); }, [this] { schedule(); }}),
      connections_(
          parts.loop, parts.clock, resolver,
          {[this](DnsTry& each, const DnsOutcome& outcome) { finish(each, outcome); }, [this] { schedule(); }}),
      turn_timer_(parts.timers.make([this] { turn(); })),
      sweep_timer_(parts.timers.make([this] { sweep(); })) {}

DnsLink::~DnsLink() = default;

void DnsLink::submit(DnsTry& each, DnsTurn turn, bool again) {
  each.turn = turn;
  each.again = again;
  line_up(each);
  schedule();
}

void DnsLink::line_up(DnsTry& each) {
  each.waiting = each.again ? again_.insert(again_.end(), &each) : turns_.add(each.turn, &each);
}

void DnsLink::cancel(DnsTry& each) noexcept {
  if (each.waiting && each.again) again_.erase(*each.waiting);
  else if (each.waiting) turns_.remove(each.turn, *each.waiting);
  if (each.carrier != nullptr) each.carrier->forget(each);
  if (each.unanswered) uncount(each, End::dropped);
  if (!turns_.empty()) schedule();
}

void DnsLink::schedule() {
  if (std::exchange(scheduled_, true)) return;
  parts_.loop.post([this, alive = std::weak_ptr<char>(alive_)] {
    if (!alive.expired()) turn();
  });
}

void DnsLink::look_again(SteadyTime at) {
  turn_timer_->start(std::chrono::ceil<milliseconds>(at - parts_.clock.steady()));
}

// Not within a callback of a socket.
void DnsLink::turn() {
  scheduled_ = false;
  const SteadyTime now = parts_.clock.steady();
  sockets_.sweep(now);
  connections_.bury();
  if (!sweeping_ && (sockets_.keeps_idle() || connections_.open() > 0)) sweep();
  if (now < paused_until_) return look_again(paused_until_);
  for (int taken = 0; !turns_.empty() || !again_.empty(); ++taken) {
    if (!window_.admits(now)) return look_again(window_.next());
    if (parts_.unanswered >= parts_.unanswered_most) return look_again(now + kShortagePause);
    if (taken == kTakenPerTurn) return schedule();
    DnsTry* const each = take(now);
    if (each == nullptr) return look_again(now + kRetryPause);
    each->waiting.reset();
    if (each->owner().on_turn(*each)) send(*each);
    if (now < paused_until_) return look_again(paused_until_);
  }
}

// Retries go when nothing else does, and have a turn now and then beside a crowd that never ends. Null:
// there are only retries, and none may go now.
DnsTry* DnsLink::take(SteadyTime now) {
  const bool again = !again_.empty() && (turns_.empty() || ++taken_ % kOthersBetween == 0) && retries_.take(now);
  if (!again) return turns_.empty() ? nullptr : turns_.take();
  DnsTry* const each = again_.front();
  again_.pop_front();
  return each;
}

void DnsLink::send(DnsTry& each) {
  const SteadyTime now = parts_.clock.steady();
  const int error = each.tcp() ? connections_.send(each) : sockets_.send(each, now);
  if (is_shortage(error)) return on_shortage(each);
  parts_.metrics.add("dns_tries", each.tcp() ? "tcp" : "udp");
  if (error != 0)
    return each.owner().on_outcome(each, {.kind = DnsOutcome::Kind::broken, .reply = {}, .cause = error_text(error)});
  window_.sent(now);
  each.sent_at = now;
  each.unanswered = true;
  ++parts_.unanswered;
}

// Its time runs, and it may be taken back.
void DnsLink::on_shortage(DnsTry& each) {
  parts_.metrics.add("dns_tries", "no_descriptor");
  paused_until_ = parts_.clock.steady() + kShortagePause;
  each.again = false;
  line_up(each);
}

void DnsLink::finish(DnsTry& each, const DnsOutcome& outcome) {
  if (each.unanswered) uncount(each, end_of(outcome));
  if (!turns_.empty()) schedule();
  each.owner().on_outcome(each, outcome);
}

DnsLink::End DnsLink::end_of(const DnsOutcome& outcome) {
  if (outcome.kind == DnsOutcome::Kind::truncated) return End::answered;
  if (outcome.kind != DnsOutcome::Kind::reply) return End::dropped;
  return rcode_of(outcome.reply) == Rcode::refused ? End::refused : End::answered;
}

void DnsLink::uncount(DnsTry& each, End end) noexcept {
  const SteadyTime now = parts_.clock.steady();
  if (end == End::answered) window_.answered(each.sent_at, now);
  else window_.dropped(each.sent_at, now);
  if (end == End::refused) window_.refused(now);
  each.unanswered = false;
  --parts_.unanswered;
}

// Sockets and connections that nobody uses any more are closed in time.
void DnsLink::sweep() {
  sockets_.sweep(parts_.clock.steady());
  connections_.sweep();
  sweeping_ = sockets_.keeps_idle() || connections_.open() > 0;
  if (sweeping_) sweep_timer_->start(kSweep);
}

}  // namespace tlspolicyd
