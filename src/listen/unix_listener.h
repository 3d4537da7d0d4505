// Listening on a path: the unix half of listen/listening_socket.h.
#pragma once

#include <vector>

#include "base/result.h"
#include "listen/listening_socket.h"

namespace tlspolicyd {

// Exactly one. A socket that nobody listens on is replaced, nothing else is. The error
// does not name the listener.
[[nodiscard]] Result<std::vector<ListeningSocket>> open_unix_listener(const ListenAddress& listener,
                                                                      const SocketRights& rights);

// As probe_listener().
[[nodiscard]] Result<void> probe_unix_listener(const ListenAddress& listener);

}  // namespace tlspolicyd
