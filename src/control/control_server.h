// The control socket of a running daemon: status, listings and purges for the command
// line. Who may ask is decided by the peer's user id, not by the mode of the socket
// alone. Answer loop only.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <vector>

#include "event/loop.h"
#include "listen/listener.h"
#include "control/control_connection.h"
#include "control/control_handler.h"

namespace tlspolicyd {

class ControlServer final : private Listener::Owner {
 public:
  // Only administrators connect, for a moment each.
  static constexpr std::size_t kMaxConnections = 32;

  // `allowed`: the user ids that are heard.
  ControlServer(Loop& loop, Timers& timers, ListeningSocket socket, ControlHandler& handler,
                std::vector<uid_t> allowed);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  void on_accepted(UniqueFd socket) override;
  void on_starved(const Listener&, int) override {}  // whoever waits is served when it is over
  [[nodiscard]] bool may_ask(int socket) const;
  void on_end();
  void reap();

  Loop& loop_;
  Timers& timers_;
  ControlHandler& handler_;
  std::vector<uid_t> allowed_;
  std::list<ControlConnection> connections_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // for what was posted
  Listener listener_;
};

}  // namespace tlspolicyd
