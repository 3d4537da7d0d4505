// What the kernel still does for this process, by seccomp: for good, and for whatever it
// starts. It holds where the process has no way to gain rights (give_up_gains()).
// Main thread; it changes the whole process.
#pragma once

#include "base/result.h"

namespace tlspolicyd {

// For the daemon, once it has its sockets, its rights and its libraries. Files, memory,
// threads, and sockets that connect remain. It can no longer start a program or a process,
// listen, or make memory executable. A call that is not known here fails with ENOSYS, as in
// an older kernel, for which libraries have another way; one that only an attacker makes
// ends the process with SIGSYS. All threads, also those that run already.
[[nodiscard]] Result<void> confine_server();

// For a process that runs programs, and for those programs: what no program needs that is
// run to answer a question fails with EPERM.
[[nodiscard]] Result<void> confine_runner();

}  // namespace tlspolicyd
