#include "event/guard.h"

#include <cstdio>
#include <cstdlib>

namespace tlspolicyd {

void panic(const char* reason) noexcept {
  std::fprintf(stderr, "panic: %s\n", reason);
  std::abort();
}

void panic_out_of_memory() noexcept {
  if (const auto handler = std::get_new_handler()) handler();
  panic("out of memory");
}

}  // namespace tlspolicyd
