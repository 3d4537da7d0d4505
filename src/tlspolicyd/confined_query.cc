#include "tlspolicyd/confined_query.h"

#include <unistd.h>

#include "process/capabilities.h"
#include "process/privileges.h"
#include "process/syscall_filter.h"

namespace tlspolicyd {
namespace {

constexpr uid_t kNobody = 65534;  // where no user database says so

Account unprivileged(const Config& config) {
  if (const auto account = find_account(config.user, config.group); account && account->uid != 0) return *account;
  return find_account("nobody", "").value_or(Account{"nobody", kNobody, kNobody, {kNobody}});
}

// As in a container that has but one user.
std::string drop_root(const Config& config) {
  if (::geteuid() != 0) return "";
  const Account account = unprivileged(config);
  const auto became = become(account);
  return became ? "" : "goes on as root: cannot become user " + account.user + " (" + became.error().text + ")";
}

}  // namespace

std::string confine_query(const Config& config) {
  empty_bounding_set();
  std::string told = drop_root(config);
  static_cast<void>(give_up_all_capabilities());  // refused where there are none to give up
  static_cast<void>(give_up_gains());
  const auto filtered = TLSPOLICYD_CONFINED ? confine_server() : Result<void>();
  if (!filtered)
    told += (told.empty() ? "" : "; ") + ("runs without a filter of system calls: " + filtered.error().text);
  return told;
}

}  // namespace tlspolicyd
