// `--purge` and `--purge-all`: forgotten by the running daemon, else in its store.
#pragma once

#include <string_view>

#include "cli/cli.h"

namespace tlspolicyd {

// Both return an exit code.
int purge(const Cli& cli, std::string_view domain);
int purge_all(const Cli& cli);

}  // namespace tlspolicyd
