// Listening on TCP: the inet half of listen/listening_socket.h.
#pragma once

#include <vector>

#include "base/result.h"
#include "listen/listening_socket.h"

namespace tlspolicyd {

// One socket for each address of the host. The error does not name the listener.
[[nodiscard]] Result<std::vector<ListeningSocket>> open_inet_listener(const ListenAddress& address);

// As probe_listener().
[[nodiscard]] Result<void> probe_inet_listener(const ListenAddress& address);

// For a listening socket; accepted connections inherit them: replies go out at once, and
// the connection of a client that vanished is found out.
void set_tcp_options(int fd);

}  // namespace tlspolicyd
