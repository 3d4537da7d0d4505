// The end where memory runs out: half a daemon helps nobody, and what has been learned is
// in the store, so a supervisor's new start loses nothing.
#pragma once

#include "process/log_sink.h"

namespace tlspolicyd {

// From now on the process writes one line and exits with EX_OSERR, whatever thread
// asks in vain. Once, at the start; `log` outlives all threads.
void end_when_memory_runs_out(LogSink& log);

}  // namespace tlspolicyd
