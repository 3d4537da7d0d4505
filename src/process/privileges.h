// Who the process is and what it may still become: called once, between binding the
// sockets and serving. Main thread; it changes the whole process.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tlspolicyd {

struct Account {
  std::string user;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // all of them, gid included
};

// Names from the user database, or plain numbers. `group` empty: the user's own.
[[nodiscard]] Result<Account> find_account(const std::string& user, const std::string& group);
[[nodiscard]] Result<gid_t> find_group(const std::string& group);

// Becomes that account for good: groups first, then the user, then a check that there is
// no way back. Does nothing if the process is that account already.
[[nodiscard]] Result<void> become(const Account& account);

// No new privileges through execve, no core files: they would hold what is nobody's
// business.
[[nodiscard]] Result<void> give_up_gains();

// Holds the processes and threads of this user to `most`, for good. The system counts all
// that the user runs, other programs too: false where `most` are running already, and then
// nothing has changed. Nothing holds back root.
[[nodiscard]] bool bound_processes(std::size_t most);

// What to say about serving as root; empty where the process is not root.
[[nodiscard]] std::string root_warning();

}  // namespace tlspolicyd
