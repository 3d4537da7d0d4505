#include "process/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>

#include "base/text.h"

namespace tlspolicyd {
namespace {

// The highest number is taken: it stands for "leave as it is".
constexpr std::uint64_t kMaxId = UINT32_MAX - 1;

std::vector<gid_t> groups_of(const std::string& user, gid_t gid) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (getgrouplist(user.c_str(), gid, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    getgrouplist(user.c_str(), gid, groups.data(), &count);
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

Result<Account> find_number(const std::string& user, const std::string& group) {
  const auto uid = parse_decimal(user, kMaxId);
  if (!uid) return fail("there is no user \"" + user + '"');
  if (group.empty()) return fail("the number " + user + " says nothing about a group; set group too");
  return find_group(group).map([&](gid_t gid) { return Account{user, static_cast<uid_t>(*uid), gid, {gid}}; });
}

bool is_already(const Account& account) {
  return getuid() == account.uid && geteuid() == account.uid && getgid() == account.gid && getegid() == account.gid;
}

bool can_go_back(const Account& account) {
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
  getresuid(&uids[0], &uids[1], &uids[2]);
  getresgid(&gids[0], &gids[1], &gids[2]);
  const bool all_changed = std::all_of(uids.begin(), uids.end(), [&](uid_t uid) { return uid == account.uid; }) &&
                           std::all_of(gids.begin(), gids.end(), [&](gid_t gid) { return gid == account.gid; });
  return !all_changed || (account.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0));
}

bool can_start_thread() {
  try {
    std::thread([] {}).join();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace

Result<gid_t> find_group(const std::string& group) {
  if (const auto* entry = getgrnam(group.c_str())) return entry->gr_gid;
  if (const auto gid = parse_decimal(group, kMaxId)) return static_cast<gid_t>(*gid);
  return fail("there is no group \"" + group + '"');
}

Result<Account> find_account(const std::string& user, const std::string& group) {
  const passwd* const entry = getpwnam(user.c_str());
  if (entry == nullptr) return find_number(user, group);
  const uid_t uid = entry->pw_uid;
  const Result<gid_t> gid = group.empty() ? Result<gid_t>(entry->pw_gid) : find_group(group);
  return gid.map([&](gid_t id) { return Account{user, uid, id, groups_of(user, id)}; });
}

Result<void> become(const Account& account) {
  if (is_already(account)) return {};
  if (geteuid() != 0) return fail("only root can become user " + account.user + "; start as root, or leave user unset");
  if (setgroups(account.groups.size(), account.groups.data()) != 0) return fail_errno("setgroups");
  if (setresgid(account.gid, account.gid, account.gid) != 0) return fail_errno("setresgid");
  if (setresuid(account.uid, account.uid, account.uid) != 0) return fail_errno("setresuid");
  if (can_go_back(account)) return fail("after becoming " + account.user + " there is still a way back to root");
  return {};
}

Result<void> give_up_gains() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("PR_SET_NO_NEW_PRIVS");
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return fail_errno("RLIMIT_CORE");
  return {};
}

bool bound_processes(std::size_t most) {
  rlimit before{};
  if (getrlimit(RLIMIT_NPROC, &before) != 0) return false;
  rlimit bound{std::min<rlim_t>(most, before.rlim_max), before.rlim_max};
  if (setrlimit(RLIMIT_NPROC, &bound) != 0) return false;
  if (!can_start_thread()) {
    setrlimit(RLIMIT_NPROC, &before);
    return false;
  }
  bound.rlim_max = bound.rlim_cur;
  return setrlimit(RLIMIT_NPROC, &bound) == 0;
}

std::string root_warning() {
  if (geteuid() != 0) return "";
  return "running as root: set user, so that a flaw in this program is not a flaw of the whole machine";
}

}  // namespace tlspolicyd
