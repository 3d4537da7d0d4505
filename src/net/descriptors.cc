#include "net/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace tlspolicyd {
namespace {

std::size_t to_count(rlim_t limit) {
  if (limit == RLIM_INFINITY) return std::numeric_limits<int>::max();
  return static_cast<std::size_t>(std::min<rlim_t>(limit, std::numeric_limits<int>::max()));
}

}  // namespace

DescriptorLimit raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {0, 0};
  const std::size_t before = to_count(limit.rlim_cur);
  limit.rlim_cur = limit.rlim_max;
  const bool raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
  return {before, raised ? to_count(limit.rlim_max) : before};
}

void open_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDWR));  // gets the lowest that is free
}

std::size_t descriptor_share(std::size_t most) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return most;
  return std::clamp<std::size_t>(to_count(limit.rlim_cur) / 4, 1, most);
}

}  // namespace tlspolicyd
