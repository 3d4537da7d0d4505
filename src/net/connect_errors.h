// What an errno of socket() and connect() says: of the policy host, of the way there, or of this
// host alone. Pure.
#pragma once

#include <string>

#include "net/https.h"

namespace tlspolicyd {

[[nodiscard]] FetchFault fault_of_connect(int error);
[[nodiscard]] std::string words_for_connect(int error);

// This host lacks a descriptor, a port or memory for the attempt; later it may have one.
[[nodiscard]] bool is_shortage(int error);

// The attempt did not leave this host: no address family, no route, or a rule against it.
[[nodiscard]] bool stays_here(int error);

}  // namespace tlspolicyd
