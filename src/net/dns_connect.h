// Sockets to a resolver, and words for what went wrong there.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "base/resolver.h"
#include "base/unique_fd.h"

namespace tlspolicyd {

// A non-blocking socket that is connected to `resolver`, or is about to be; or errno. The port is
// the kernel's choice.
[[nodiscard]] tl::expected<UniqueFd, int> connect_to(const Resolver& resolver, int socket_type);

// "Connection refused".
[[nodiscard]] std::string error_text(int error);

}  // namespace tlspolicyd
