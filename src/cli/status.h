// `--status`: how a running daemon does.
#pragma once

#include "cli/cli.h"

namespace tlspolicyd {

int show_status(const Cli& cli);  // returns an exit code

}  // namespace tlspolicyd
