// Accepts connections. What becomes of them is its owner's affair. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "event/fd_event.h"
#include "event/timer.h"
#include "listen/listening_socket.h"

namespace tlspolicyd {

class Listener {
 public:
  struct Owner {
    virtual ~Owner() = default;
    // Non-blocking and close-on-exec.
    virtual void on_accepted(UniqueFd connection) = 0;
    // There is no descriptor left; accepting pauses.
    virtual void on_starved(const Listener& listener, int error) = 0;
  };

  Listener(Loop& loop, Timers& timers, ListeningSocket socket, Owner& owner);

  // A descriptor has become free: accept again, if that paused.
  void resume();
  // Accepts what has connected already, unless others will. Before the end.
  void accept_rest();
  [[nodiscard]] const std::string& name() const { return socket_.name; }

 private:
  void accept_some();
  [[nodiscard]] bool accept_one();
  void pause(int error);

  ListeningSocket socket_;
  Owner& owner_;
  FdEvent event_;
  std::unique_ptr<Timer> retry_;
  bool paused_ = false;
};

}  // namespace tlspolicyd
