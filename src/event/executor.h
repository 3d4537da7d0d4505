// The port for "run this there, soon".
#pragma once

#include <functional>

namespace tlspolicyd {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `task` on the executor's thread, later, in order of posting. Any thread.
  // A task still waiting when the executor ends is destroyed without being run.
  virtual void post(std::function<void()> task) = 0;
};

}  // namespace tlspolicyd
