// `--cache`: what is known, from the running daemon, else from its store.
#pragma once

#include <string_view>

#include "cli/cli.h"

namespace tlspolicyd {

// Both return an exit code. `key`: see postfix/key.h; all next hops of a domain share its entry.
int list_cache(const Cli& cli);
int show_cached(const Cli& cli, std::string_view key);

}  // namespace tlspolicyd
