// The way from a configuration to a running daemon: sockets, rights, store, loop.
#pragma once

#include "base/clock.h"
#include "config/config_file.h"
#include "process/log_sink.h"
#include "tlspolicyd/options.h"

namespace tlspolicyd {

// Returns an exit code, after SIGTERM or when the daemon cannot begin.
[[nodiscard]] int serve(const Options& options, const Config& config, const Clock& clock, LogSink& log);

}  // namespace tlspolicyd
