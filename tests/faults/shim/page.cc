#include "page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace {

Page* mapped = nullptr;

__attribute__((constructor)) void map_page() {
  const char* const name = std::getenv("TLSPOLICYD_FAULTS");
  const int fd = name == nullptr ? -1 : open(name, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* const at = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) mapped = static_cast<Page*>(at);
}

}  // namespace

Page* page() noexcept { return mapped; }
