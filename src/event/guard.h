// Where C calls back into this program: no exception gets out of here.
#pragma once

#include <exception>
#include <new>

namespace tlspolicyd {

[[noreturn]] void panic(const char* reason) noexcept;
[[noreturn]] void panic_out_of_memory() noexcept;

// Runs `callback`. Where memory has run out the new-handler, if there is one, ends the
// process; any other exception that gets this far is a bug: it is written to stderr and
// the process aborts.
template <typename Callback>
void run_guarded(const Callback& callback) noexcept {
  try {
    callback();
  } catch (const std::bad_alloc&) {  // told by a C library: operator new has asked the handler itself
    panic_out_of_memory();
  } catch (const std::exception& bug) {
    panic(bug.what());
  }
}

}  // namespace tlspolicyd
