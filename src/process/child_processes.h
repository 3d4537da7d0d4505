// Runs one program several times at once: no shell, one time limit, bounded output. Blocking: for a
// worker lane.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tlspolicyd {

struct Invocation {
  std::vector<std::string> arguments;  // with the program's name in front
  std::size_t max_output = 0;          // octets of stdout
};

// `program`: without '/' it is looked for in $PATH and where Postfix lives. What each invocation writes to
// stdout; or why not: it cannot be run, ends with an error, writes too much or is not finished after
// `limit` and then killed with all it started. The reason ends with the last line that it wrote to stderr.
[[nodiscard]] std::vector<Result<std::string>> run_at_once(const std::string& program,
                                                           const std::vector<Invocation>& invocations,
                                                           milliseconds limit);

}  // namespace tlspolicyd
