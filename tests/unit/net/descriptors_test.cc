#include "net/descriptors.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "catch.h"
#include "unit/process/in_child.h"

using namespace tlspolicyd;

TEST_CASE("the descriptor limit is raised to the hard one and told in connections") {
  rlimit original{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &original) == 0);
  rlimit low = original;
  low.rlim_cur = std::min<rlim_t>(256, low.rlim_max);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  const DescriptorLimit raised = raise_descriptor_limit();
  rlimit now{};
  getrlimit(RLIMIT_NOFILE, &now);
  setrlimit(RLIMIT_NOFILE, &original);
  CHECK(now.rlim_cur == now.rlim_max);
  CHECK(raised.before == low.rlim_cur);
  CHECK(raised.now >= raised.before);
  CHECK(raised.connections(100) == raised.now - 100);
  CHECK(raised.connections(raised.now + 1) == 0);
}

TEST_CASE("no kind of use may hold more than a quarter of the descriptors") {
  rlimit original{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &original) == 0);
  rlimit low = original;
  low.rlim_cur = 64;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  const std::size_t many = descriptor_share(4096), few = descriptor_share(10);
  setrlimit(RLIMIT_NOFILE, &original);
  CHECK(many == 16);
  CHECK(few == 10);
}

TEST_CASE("standard descriptors that are closed lead nowhere, those that are open stay") {
  CHECK(in_child([] {
          const int kept = dup(STDOUT_FILENO);
          for (const int fd : {STDIN_FILENO, STDERR_FILENO}) close(fd);
          open_standard_descriptors();
          struct stat null {
          }, in{}, out{}, err{}, before{};
          stat("/dev/null", &null), fstat(0, &in), fstat(1, &out), fstat(2, &err), fstat(kept, &before);
          if (in.st_rdev != null.st_rdev || err.st_rdev != null.st_rdev) return 1;
          return out.st_ino == before.st_ino && out.st_dev == before.st_dev ? 0 : 2;
        }) == 0);
}
