// What an errno of socket() and connect() says: of the policy host, of the way there, or of this
// host alone. Pure.
#pragma once

#include <string>

#include "fetch/https.h"

namespace tlspolicyd {

[[nodiscard]] FetchFault fault_of_connect(int error);
[[nodiscard]] std::string words_for_connect(int error);

}  // namespace tlspolicyd
