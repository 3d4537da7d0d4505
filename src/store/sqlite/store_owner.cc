#include "store/sqlite/store_owner.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "process/privileges.h"

namespace tlspolicyd {
namespace {

std::string folder_holding(const std::string& file) {
  const auto slash = file.rfind('/');
  return slash == file.npos ? "." : file.substr(0, slash + 1);
}

std::string owner_name(uid_t uid) {
  const passwd* const entry = ::getpwuid(uid);
  return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

// Without an entry in the user database the groups are the folder's alone.
Result<Account> owner_of(const struct stat& folder) {
  const bool known = ::getpwuid(folder.st_uid) != nullptr;
  if (known) return find_account(owner_name(folder.st_uid), "");
  return Account{owner_name(folder.st_uid), folder.st_uid, folder.st_gid, {folder.st_gid}};
}

Result<struct stat> look_at(const std::string& path, int flags) {
  struct stat found {};
  if (::fstatat(AT_FDCWD, path.c_str(), &found, flags) == 0) return found;
  return fail(path + ": " + std::strerror(errno));
}

Result<void> check_file(const std::string& store, uid_t owner) {
  const auto file = look_at(store, AT_SYMLINK_NOFOLLOW);
  if (!file) return tl::unexpected(file.error());
  if (S_ISLNK(file->st_mode)) return fail(store + " is a symbolic link: name the file itself in cache");
  if (!S_ISREG(file->st_mode)) return fail(store + " is no regular file");
  if (file->st_uid != owner)
    return fail(store + " belongs to user " + owner_name(file->st_uid) + " and its folder to user " +
                owner_name(owner) + ": give both to the user of the daemon (chown)");
  if (file->st_size == 0) return fail(store + " is empty");
  return {};
}

}  // namespace

Result<void> become_store_owner(const std::string& store) {
  if (::geteuid() != 0) return {};
  const auto folder = look_at(folder_holding(store), 0);
  if (!folder) return tl::unexpected(folder.error());
  return owner_of(*folder).and_then(become).and_then([&] { return check_file(store, folder->st_uid); });
}

}  // namespace tlspolicyd
