#include "process/privileges.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <array>
#include <fstream>
#include <string>

#include "catch.h"
#include "process/capabilities.h"
#include "unit/process/in_child.h"

using namespace tlspolicyd;

namespace {

bool as_root() {
  if (geteuid() == 0) return true;
  WARN("not root: nothing to give up");
  return false;
}

constexpr const char* kNone = "0000000000000000";
constexpr const char* kRootKeeps = "0000000000000003";  // CAP_CHOWN, CAP_DAC_OVERRIDE

// A set of this process as the kernel shows it: "CapEff", "CapBnd"...
std::string capabilities(const std::string& set) {
  std::ifstream status("/proc/self/status");
  for (std::string name, value; status >> name; std::getline(status, value))
    if (name == set + ":" && status >> value) return value;
  return "unknown";
}

bool only(const char* held) {
  return capabilities("CapEff") == held && capabilities("CapPrm") == held && capabilities("CapInh") == kNone &&
         capabilities("CapAmb") == kNone && capabilities("CapBnd") == kNone;
}

}  // namespace

TEST_CASE("accounts are found by name and by number") {
  const auto nobody = find_account("nobody", "");
  REQUIRE(nobody);
  CHECK(nobody->uid != 0);
  CHECK_FALSE(nobody->groups.empty());
  CHECK(find_account("nobody", "root")->gid == 0);
  const auto number = find_account("4000000001", "4000000002");
  REQUIRE(number);
  CHECK(number->uid == 4000000001u);
  CHECK(number->groups == std::vector<gid_t>{4000000002u});
}

TEST_CASE("accounts that are not there are told by name") {
  CHECK(find_account("no-such-user", "").error().text == "there is no user \"no-such-user\"");
  CHECK(find_account("nobody", "no-such-group").error().text == "there is no group \"no-such-group\"");
  CHECK(find_account("4000000001", "").error().text ==
        "the number 4000000001 says nothing about a group; set group too");
  CHECK_FALSE(find_account("4294967295", "root"));  // setuid(-1) would change nothing
}

TEST_CASE("becoming somebody leaves no way back") {
  if (!as_root()) return;
  CHECK(in_child([] {
          const auto account = find_account("nobody", "");
          if (!account || !become(*account)) return 1;
          if (getuid() != account->uid || getegid() != account->gid) return 2;
          if (setuid(0) == 0 || setgid(0) == 0) return 3;
          const int groups = getgroups(0, nullptr);
          if (groups != static_cast<int>(account->groups.size())) return 4;
          return open("/etc/shadow", O_RDONLY) >= 0 ? 5 : 0;
        }) == 0);
}

TEST_CASE("becoming who one is needs no rights, becoming another does") {
  if (!as_root()) return;
  CHECK(in_child([] {
          const auto nobody = find_account("nobody", "");
          if (!become(*nobody) || !become(*nobody)) return 1;
          return become(*find_account("root", "")) ? 2 : 0;
        }) == 0);
}

TEST_CASE("gains are given up for this process and what it starts") {
  CHECK(in_child([] {
          if (!give_up_gains()) return 1;
          if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
          rlimit core{1, 1};
          getrlimit(RLIMIT_CORE, &core);
          return core.rlim_max == 0 ? 0 : 3;
        }) == 0);
}

TEST_CASE("only root is warned about being root") {
  CHECK(root_warning().empty() == (geteuid() != 0));
  if (!as_root()) return;
  CHECK(in_child([] { return become(*find_account("nobody", "")) && root_warning().empty() ? 0 : 1; }) == 0);
}

TEST_CASE("who has become somebody keeps no capability, in no set") {
  if (!as_root()) return;
  CHECK(in_child([] {
          empty_bounding_set();
          return become(*find_account("nobody", "")) && give_up_capabilities() && only(kNone) ? 0 : 1;
        }) == 0);
}

TEST_CASE("root keeps what it needs for the files of others") {
  if (!as_root()) return;
  CHECK(in_child([] {
          empty_bounding_set();
          return give_up_capabilities() && only(kRootKeeps) ? 0 : 1;
        }) == 0);
  CHECK(in_child([] { return give_up_all_capabilities() && capabilities("CapPrm") == kNone ? 0 : 1; }) == 0);
}

TEST_CASE("who is not root has nothing to give up, and that is no failure") {
  CHECK(in_child([] {
          if (geteuid() == 0 && !become(*find_account("nobody", ""))) return 1;
          empty_bounding_set();
          return give_up_capabilities() && capabilities("CapEff") == kNone ? 0 : 2;
        }) == 0);
}

TEST_CASE("processes of the user are bounded, for good") {
  if (!as_root()) return;
  CHECK(in_child([] {
          if (!become(*find_account("4000000001", "4000000001")) || !bound_processes(40)) return 1;
          rlimit limit{};
          getrlimit(RLIMIT_NPROC, &limit);
          if (limit.rlim_cur != 40 || limit.rlim_max != 40) return 2;
          std::array<int, 2> pipe_ends{};
          if (pipe(pipe_ends.data()) != 0) return 3;
          for (int started = 0; started < 60; ++started) {
            const pid_t child = fork();
            if (child < 0) return started < 40 ? 0 : 4;
            if (child > 0) continue;
            close(pipe_ends[1]);
            char octet;
            _exit(static_cast<int>(::read(pipe_ends[0], &octet, 1)));  // until all who hold the other end are gone
          }
          return 5;
        }) == 0);
}

TEST_CASE("a bound that is reached already is not set") {
  if (!as_root()) return;
  CHECK(in_child([] {
          if (!become(*find_account("4000000001", "4000000001"))) return 1;
          rlimit before{}, after{};
          getrlimit(RLIMIT_NPROC, &before);
          if (bound_processes(1)) return 2;
          getrlimit(RLIMIT_NPROC, &after);
          return before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max ? 0 : 3;
        }) == 0);
}
