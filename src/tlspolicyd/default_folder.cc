#include "tlspolicyd/default_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace tlspolicyd {
namespace {

std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/')); }

// A file of root's that has no other name, by which it would be another's secret.
void give_file(int folder, const std::string& name, const Account& account) {
  const UniqueFd file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0) return;
  if (!S_ISREG(found.st_mode) || found.st_uid != 0 || found.st_nlink != 1) return;
  static_cast<void>(::fchown(file.get(), account.uid, account.gid) == 0);
}

}  // namespace

void prepare_default_folder(const std::string& file, const Account* account) {
  if (::geteuid() != 0) return;
  const std::string path = folder_of(file);
  static_cast<void>(::mkdir(path.c_str(), 0755) == 0);
  if (account == nullptr) return;
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  // Only where nobody but root can have put anything.
  if (!folder || ::fstat(folder.get(), &found) != 0 || found.st_uid != 0 || (found.st_mode & 022) != 0) return;
  for (const char* const suffix : {"", "-wal", "-shm", "-lock"})
    give_file(folder.get(), file.substr(path.size() + 1) + suffix, *account);
  static_cast<void>(::fchown(folder.get(), account->uid, account->gid) == 0);
}

}  // namespace tlspolicyd
