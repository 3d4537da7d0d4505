// Sockets on their way to a peer, and words for what went wrong there.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "base/resolver.h"
#include "base/unique_fd.h"
#include "net/socket_address.h"

namespace tlspolicyd {

// A non-blocking socket that is connected to `peer`, or is about to be; or errno. The port is the
// kernel's choice. ENETUNREACH also where this host has no address of the family.
[[nodiscard]] tl::expected<UniqueFd, int> connect_to(const SocketAddress& peer, int socket_type);
[[nodiscard]] tl::expected<UniqueFd, int> connect_to(const Resolver& resolver, int socket_type);

// This host lacks a descriptor, a port or memory for the attempt; later it may have one.
[[nodiscard]] bool is_shortage(int error);

// The attempt did not leave this host: no address family, no route, or a rule against it.
[[nodiscard]] bool stays_here(int error);

// "Connection refused".
[[nodiscard]] std::string error_text(int error);

}  // namespace tlspolicyd
