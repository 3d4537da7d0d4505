// Listening sockets that systemd opened and passed to this process: the kernel queues
// connections there while no process serves them. Used at start.
#pragma once

#include <vector>

#include "base/result.h"
#include "listen/listening_socket.h"

namespace tlspolicyd {

// The sockets systemd passed to this process (sd_listen_fds(3)), none if there are none.
// Takes the variables out of the environment, so that children do not believe in them.
[[nodiscard]] Result<std::vector<ListeningSocket>> inherited_listeners();

// Takes over a descriptor that should be a listening stream socket.
[[nodiscard]] Result<ListeningSocket> adopt_listener(UniqueFd fd);

}  // namespace tlspolicyd
