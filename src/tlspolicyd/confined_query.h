// What -q may still do while it reads what strangers wrote: what the daemon may.
#pragma once

#include <string>

#include "config/config.h"

namespace tlspolicyd {

// For good: root becomes `user`, or nobody where that is empty; then no capability, no new rights,
// and the filter of system calls. Returns what to tell the person who asked, empty if all was done.
// Before there is a second thread, after everything that only root can read was read.
[[nodiscard]] std::string confine_query(const Config& config);

}  // namespace tlspolicyd
