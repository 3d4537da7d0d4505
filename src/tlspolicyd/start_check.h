// What would keep the daemon from starting, found without starting it: for -t. Looks at what a
// start would open, in the order and as the user that a start would, and leaves no trace.
#pragma once

#include <vector>

#include "config/config_file.h"

namespace tlspolicyd {

// Adds to what check_machine() found. Whether an address, a socket or a pid file is in use is
// not a question of configuration, and not looked at.
// Root becomes `user` here for good, to read what that user will read: call it last.
void check_start(const Config& config, std::vector<ConfigError>& faults);

}  // namespace tlspolicyd
