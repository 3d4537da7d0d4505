#include "process/out_of_memory.h"

#include <sysexits.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace tlspolicyd {
namespace {

const LogSink* told = nullptr;  // a new-handler gets no argument

// Nothing in here may allocate. A second thread that gets here waits for the end.
[[noreturn]] void give_up() {
  static std::atomic_flag ending;
  while (ending.test_and_set()) ending.wait(true);
  told->write_last_words(
      "out of memory; what was stored is kept: start again, with more memory or a smaller cache_max_size");
  _exit(EX_OSERR);
}

}  // namespace

void end_when_memory_runs_out(LogSink& log) {
  told = &log;
  std::set_new_handler(give_up);
}

}  // namespace tlspolicyd
