// The one-shot commands that need a configuration: fills cli/ from it.
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "process/log_sink.h"
#include "tlspolicyd/options.h"

namespace tlspolicyd {

// -q, --cache, --purge, --purge-all, --status. Returns an exit code.
[[nodiscard]] int run_command(const Options& options, const Config& config, const Clock& clock, LogSink& log);

}  // namespace tlspolicyd
