#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/socket_address.h"

namespace tlspolicyd {
namespace {

// RFC 8305 section 5, "Connection Attempt Delay".
constexpr milliseconds kStagger{250};
// The bound; a host with more addresses gains nothing from the ninth.
constexpr std::size_t kMaxAddresses = 8;

// A socket whose connection is under way or done, or none and `error`.
UniqueFd begin_connect(const IpAddress& address, std::uint16_t port, int& error) {
  const SocketAddress to = to_socket_address(address, port);
  UniqueFd socket(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket) {
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket.get(), to.get(), to.size) == 0 || errno == EINPROGRESS) return socket;
  }
  error = errno;
  return {};
}

int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

struct Connector::Attempt {
  Attempt(Connector& owner, const IpAddress& to, UniqueFd s)
      : address(to), socket(std::move(s)),
        event(owner.loop_, socket.get(), [this, &owner](FdEvent::Watch) { owner.ready(*this); }) {
    event.watch(FdEvent::Watch::write);
  }
  IpAddress address;
  UniqueFd socket;
  FdEvent event;
};

Connector::Connector(Loop& loop, const std::vector<IpAddress>& addresses, std::uint16_t port,
                     Events events)
    : loop_(loop),
      waiting_(addresses.begin(),
               addresses.begin() +
                   static_cast<std::ptrdiff_t>(std::min(addresses.size(), kMaxAddresses))),
      port_(port), events_(std::move(events)), stagger_(loop.make([this] { begin_next(); })) {}

Connector::~Connector() = default;

void Connector::race() {
  if (attempts_.empty()) begin_next();
}

void Connector::stop() {
  waiting_.clear();
  stagger_->cancel();
  for (auto& attempt : std::exchange(attempts_, {})) bury(std::move(attempt));
}

std::vector<IpAddress> Connector::trying() const {
  std::vector<IpAddress> addresses;
  for (const auto& attempt : attempts_) addresses.push_back(attempt->address);
  return addresses;
}

void Connector::begin_next() {
  while (!waiting_.empty()) {
    const IpAddress address = waiting_.front();
    waiting_.pop_front();
    int error = 0;
    if (UniqueFd socket = begin_connect(address, port_, error)) {
      attempts_.push_back(std::make_unique<Attempt>(*this, address, std::move(socket)));
      stagger_->start(kStagger);
      return;
    }
    events_.failed(address, error);
  }
  if (attempts_.empty()) events_.exhausted();
}

void Connector::ready(Attempt& attempt) {
  const int error = error_of(attempt.socket.get());
  const IpAddress address = attempt.address;
  UniqueFd socket = std::move(attempt.socket);
  bury(take(attempt));
  if (error == 0) win(address, std::move(socket));
  else lose(address, error);
}

void Connector::lose(const IpAddress& address, int error) {
  events_.failed(address, error);
  begin_next();
}

// Those that were slower keep their turn, should the winner turn out to be useless.
void Connector::win(const IpAddress& address, UniqueFd socket) {
  stagger_->cancel();
  for (const auto& attempt : attempts_) events_.slower(attempt->address);
  for (auto at = attempts_.rbegin(); at != attempts_.rend(); ++at)
    waiting_.push_front((*at)->address);
  for (auto& attempt : std::exchange(attempts_, {})) bury(std::move(attempt));
  events_.connected(std::move(socket), address);
}

std::unique_ptr<Connector::Attempt> Connector::take(const Attempt& attempt) {
  const auto found = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&](const auto& other) { return other.get() == &attempt; });
  std::unique_ptr<Attempt> taken = std::move(*found);
  attempts_.erase(found);
  return taken;
}

// An event must not be destroyed inside its own callback: it goes in the next turn.
void Connector::bury(std::unique_ptr<Attempt> attempt) {
  attempt->event.watch(FdEvent::Watch::nothing);
  loop_.post([dead = std::shared_ptr<Attempt>(std::move(attempt))] {});
}

}  // namespace tlspolicyd
