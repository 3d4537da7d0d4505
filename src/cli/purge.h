// `--purge` and `--purge-all`: forgotten by the running daemon, else in its store.
#pragma once

#include <string_view>

#include "cli/cli.h"

namespace tlspolicyd {

// Both return an exit code. `key`: see postfix/key.h; all next hops of a domain share its entry.
int purge(const Cli& cli, std::string_view key);
int purge_all(const Cli& cli);

}  // namespace tlspolicyd
