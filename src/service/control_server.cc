#include "service/control_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

#include "service/control_protocol.h"

namespace tlspolicyd {
namespace {

constexpr int kAcceptsATurn = 8;

std::optional<uid_t> user_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

// A fresh socket has room for a word; whoever does not get it sees the end instead.
void turn_away(const UniqueFd& socket, std::string_view word) {
  const std::string line = std::string(word) + "\n";
  static_cast<void>(::send(socket.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace

ControlServer::ControlServer(Loop& loop, Timers& timers, UniqueFd listener, ControlHandler& handler,
                             std::vector<uid_t> allowed)
    : loop_(loop), timers_(timers), handler_(handler), allowed_(std::move(allowed)),
      listener_(std::move(listener)),
      pause_(timers.make([this] { event_.watch(FdEvent::Watch::read); })),
      event_(loop, listener_.get(), [this](FdEvent::Watch) { accept_some(); }) {
  event_.watch(FdEvent::Watch::read);
}

void ControlServer::accept_some() {
  for (int i = 0; i < kAcceptsATurn; ++i) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      welcome(std::move(socket));
      continue;
    }
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
    event_.watch(FdEvent::Watch::nothing);
    return pause_->start(kAcceptPause);
  }
}

void ControlServer::welcome(UniqueFd socket) {
  const auto user = user_of(socket.get());
  if (!user || std::find(allowed_.begin(), allowed_.end(), *user) == allowed_.end())
    return turn_away(socket, control::kRefused);
  if (connections_.size() >= kMaxConnections) return turn_away(socket, control::kBusy);
  connections_.emplace_back(loop_, timers_, std::move(socket), handler_, [this] {
    loop_.post([this, alive = std::weak_ptr<char>(alive_)] {
      if (!alive.expired()) reap();
    });
  });
}

void ControlServer::reap() {
  connections_.remove_if([](const ControlConnection& one) { return one.ended(); });
}

}  // namespace tlspolicyd
