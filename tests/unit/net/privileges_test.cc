#include "net/privileges.h"

#include <fcntl.h>
#include <functional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"

using namespace tlspolicyd;

namespace {

// What `work` returns, in a process of its own that may lose its rights.
int in_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool as_root() {
  if (geteuid() == 0) return true;
  WARN("not root: nothing to give up");
  return false;
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
