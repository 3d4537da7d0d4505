// Whether this machine can offer what the configuration asks for: accounts, files and
// directories that must be there. Looks, changes nothing; blocking.
#pragma once

#include <vector>

#include "config/config_file.h"

namespace tlspolicyd {

// Empty: nothing is amiss. Each error stops a start and makes -t fail; a warning does not.
[[nodiscard]] std::vector<ConfigError> check_machine(const Config& config);

}  // namespace tlspolicyd
