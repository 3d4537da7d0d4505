#include "control/control_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "net/peer.h"
#include "control/control_protocol.h"

namespace tlspolicyd {
namespace {

// A fresh socket has room for a word; whoever does not get it sees the end instead.
void turn_away(const UniqueFd& socket, std::string_view word) {
  const std::string line = std::string(word) + "\n";
  static_cast<void>(::send(socket.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace

ControlServer::ControlServer(Loop& loop, Timers& timers, ListeningSocket socket, ControlHandler& handler,
                             std::vector<uid_t> allowed)
    : loop_(loop),
      timers_(timers),
      handler_(handler),
      allowed_(std::move(allowed)),
      listener_(loop, timers, std::move(socket), *this) {}

bool ControlServer::may_ask(int socket) const {
  const Peer peer = peer_of(socket);
  return peer.local && std::find(allowed_.begin(), allowed_.end(), peer.uid) != allowed_.end();
}

void ControlServer::on_accepted(UniqueFd socket) {
  if (!may_ask(socket.get())) return turn_away(socket, control::kRefused);
  if (connections_.size() >= kMaxConnections) return turn_away(socket, control::kBusy);
  connections_.emplace_back(loop_, timers_, std::move(socket), handler_, [this] { on_end(); });
}

// The connection is inside a callback of its own: it goes on a later turn.
void ControlServer::on_end() {
  loop_.post([this, alive = std::weak_ptr<char>(alive_)] {
    if (!alive.expired()) reap();
  });
}

void ControlServer::reap() {
  connections_.remove_if([](const ControlConnection& one) { return one.ended(); });
  listener_.resume();
}

}  // namespace tlspolicyd
