// The control socket of a running daemon: status, listings and purges for the command
// line. Who may ask is decided by the peer's user id, not by the mode of the socket
// alone. Answer loop only.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "event/loop.h"
#include "event/timer.h"
#include "service/control_connection.h"
#include "service/control_handler.h"

namespace tlspolicyd {

class ControlServer {
 public:
  // Only administrators connect, for a moment each.
  static constexpr std::size_t kMaxConnections = 32;
  // Without descriptors accepting pauses for so long.
  static constexpr milliseconds kAcceptPause{500};

  // `listener`: a listening unix stream socket, non-blocking. `allowed`: the user ids that are heard.
  ControlServer(Loop& loop, Timers& timers, UniqueFd listener, ControlHandler& handler,
                std::vector<uid_t> allowed);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  void accept_some();
  void welcome(UniqueFd socket);
  void reap();

  Loop& loop_;
  Timers& timers_;
  ControlHandler& handler_;
  std::vector<uid_t> allowed_;
  UniqueFd listener_;
  std::list<ControlConnection> connections_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // for what was posted
  std::unique_ptr<Timer> pause_;
  FdEvent event_;
};

}  // namespace tlspolicyd
