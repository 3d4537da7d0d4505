#include "fetch/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/connect.h"
#include "net/socket_address.h"

namespace tlspolicyd {
namespace {

// RFC 8305 section 5, "Connection Attempt Delay".
constexpr milliseconds kStagger{250};
// Doubled with each round, as a kernel does between SYNs; beyond this a deadline comes first.
constexpr int kMaxDoublings = 5;
// Taken in of a family. A DNS answer may hold thousands, and those that cannot be reached from
// here cost a system call each.
constexpr std::size_t kMaxKnown = 64;

// A socket whose connection is under way or done, or errno.
tl::expected<UniqueFd, int> begin_connect(const IpAddress& address, std::uint16_t port) {
  auto socket = connect_to(to_socket_address(address, port), SOCK_STREAM);
  const int on = 1;
  if (socket) setsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

struct Connector::Attempt {
  Attempt(Connector& owner, const Candidate& of, UniqueFd s)
      : candidate(of),
        socket(std::move(s)),
        event(owner.loop_, socket.get(), [this, &owner](FdEvent::Watch) { owner.ready(*this); }) {
    event.watch(FdEvent::Watch::write);
  }
  Candidate candidate;
  UniqueFd socket;
  FdEvent event;
};

Connector::Connector(Loop& loop, std::uint16_t port, Events events)
    : loop_(loop), port_(port), events_(std::move(events)), stagger_(loop.make([this] { begin_next(); })) {}

Connector::~Connector() = default;

Connector::Family& Connector::family_of(const IpAddress& address) {
  return families_[address.family == IpAddress::Family::v6 ? 0 : 1];
}

void Connector::add(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    Family& family = family_of(address);
    if (family.begun < kMaxPerFamily && family.known++ < kMaxKnown) family.waiting.push_back({.address = address});
  }
  if (racing_ && due_) begin_next();
}

void Connector::complete() {
  complete_ = true;
  if (racing_ && due_) begin_next();
}

void Connector::race() {
  racing_ = true;
  if (attempts_.empty()) begin_next();
}

void Connector::stop() {
  racing_ = false;
  stagger_->cancel();
  for (Family& family : families_) family.waiting.clear();
  while (!attempts_.empty()) static_cast<void>(retire(*attempts_.front()));
}

std::size_t Connector::waiting() const { return families_[0].waiting.size() + families_[1].waiting.size(); }

std::vector<IpAddress> Connector::unanswered() const {
  std::vector<IpAddress> addresses;
  for (const auto& attempt : attempts_) addresses.push_back(attempt->candidate.address);
  for (const Family& family : families_)
    for (const Candidate& candidate : family.waiting)
      if (candidate.begun) addresses.push_back(candidate.address);
  return addresses;
}

std::optional<Connector::Shortage> Connector::shortage() const {
  for (const Family& family : families_)
    for (const Candidate& candidate : family.waiting)
      if (candidate.short_of != 0) return Shortage{candidate.address, candidate.short_of};
  return std::nullopt;
}

// Whoever has made room less often goes first, then the family whose turn it is.
std::optional<Connector::Candidate> Connector::take_next() {
  const std::size_t other = 1 - last_;
  const auto round = [this](std::size_t family) { return families_[family].waiting.front().round; };
  if (waiting() == 0) return std::nullopt;
  const bool stay =
      families_[other].waiting.empty() || (!families_[last_].waiting.empty() && round(last_) < round(other));
  if (!stay) last_ = other;
  std::deque<Candidate>& line = families_[last_].waiting;
  Candidate next = line.front();
  line.pop_front();
  return next;
}

// Each address gets one chance: what cannot be tried for lack of something of ours goes to the end.
void Connector::begin_next() {
  due_ = false;
  for (std::size_t chances = waiting(); chances > 0 && waiting() != 0; --chances)
    if (begin(*take_next())) return;
  if (!racing_) return;
  due_ = true;
  if (waiting() != 0) return stagger_->start(kStagger);
  if (attempts_.empty() && complete_) events_.exhausted();
}

// False: no attempt has come about.
bool Connector::begin(Candidate next) {
  if (attempts_.size() == kMaxAttempts) make_room();
  auto socket = begin_connect(next.address, port_);
  next.short_of = !socket && is_shortage(socket.error()) ? socket.error() : 0;
  if (next.short_of != 0) {
    put_back(next);
    return false;
  }
  if (socket || !stays_here(socket.error())) count(next);
  if (!socket) {
    events_.failed(next.address, socket.error());
    return false;
  }
  attempts_.push_back(std::make_unique<Attempt>(*this, next, *std::move(socket)));
  stagger_->start(kStagger * (1 << std::min(next.round, kMaxDoublings)));
  return true;
}

// Of a family whose eight are used up none is begun that was not before.
void Connector::count(Candidate& candidate) {
  if (std::exchange(candidate.begun, true)) return;
  Family& family = family_of(candidate.address);
  if (++family.begun < kMaxPerFamily) return;
  auto& line = family.waiting;
  line.erase(std::remove_if(line.begin(), line.end(), [](const Candidate& other) { return !other.begun; }), line.end());
}

void Connector::make_room() {
  Candidate oldest = retire(*attempts_.front());
  ++oldest.round;
  put_back(oldest);
}

void Connector::put_back(Candidate candidate) { family_of(candidate.address).waiting.push_back(candidate); }

void Connector::ready(Attempt& attempt) {
  const int error = error_of(attempt.socket.get());
  UniqueFd socket = std::move(attempt.socket);
  const Candidate candidate = retire(attempt);
  if (error == 0) return win(candidate.address, std::move(socket));
  events_.failed(candidate.address, error);
  begin_next();
}

// Those that were slower keep their turn, should the winner turn out to be useless.
void Connector::win(const IpAddress& address, UniqueFd socket) {
  stagger_->cancel();
  racing_ = false;
  for (const auto& attempt : attempts_) events_.slower(attempt->candidate.address);
  while (!attempts_.empty()) {
    const Candidate slower = retire(*attempts_.back());
    family_of(slower.address).waiting.push_front(slower);
  }
  events_.connected(std::move(socket), address);
}

// An event must not be destroyed inside its own callback: it goes in the next turn.
Connector::Candidate Connector::retire(const Attempt& attempt) {
  const auto found =
      std::find_if(attempts_.begin(), attempts_.end(), [&](const auto& other) { return other.get() == &attempt; });
  const std::shared_ptr<Attempt> retired = std::move(*found);
  attempts_.erase(found);
  retired->event.watch(FdEvent::Watch::nothing);
  loop_.post([retired] {});
  return retired->candidate;
}

}  // namespace tlspolicyd
