#include "store/sqlite/store_obstacle.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstring>

namespace tlspolicyd {
namespace {

using Found = std::optional<Obstacle>;

bool may(const std::string& path, int how) { return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0; }

std::string name_of(uid_t uid) {
  const passwd* const entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : "user id " + std::to_string(uid);
}

std::string owner_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? name_of(found.st_uid) : "somebody else";
}

// Empty: no link.
std::string target_of(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

Obstacle absent(const std::string& path, const std::string& user) {
  const std::string target = target_of(path);
  if (target.empty()) return {"the folder " + path + " does not exist", "create it and give it to " + user};
  return {path + " is a link to " + target + " which does not exist", "create that or remove the link"};
}

// `folder` without a slash at its end; "" is the root.
Found folder_obstacle(const std::string& folder, const std::string& user) {
  if (folder.empty()) return std::nullopt;
  const std::string parent = folder.substr(0, folder.rfind('/'));
  if (auto above = folder_obstacle(parent, user)) return above;
  const std::string above = parent.empty() ? "/" : parent;
  if (!may(above, X_OK) && errno == EACCES)
    return Obstacle{"user " + user + " may not search " + above + " (owner " + owner_of(above) + ")",
                    "chmod a+x " + above};
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return errno == ENOENT ? Found(absent(folder, user)) : std::nullopt;
  if (!S_ISDIR(found.st_mode))
    return Obstacle{folder + " is a file where the store needs a folder", "move it away or name another path"};
  return std::nullopt;
}

Found right_obstacle(const std::string& folder, const std::string& user) {
  if (may(folder, W_OK | X_OK)) return std::nullopt;
  if (errno == EROFS)
    return Obstacle{folder + " is on a file system that is mounted read-only",
                    "mount it read-write or name another path"};
  if (errno != EACCES) return std::nullopt;
  return Obstacle{"user " + user + " may not write in " + folder + " (owner " + owner_of(folder) + ")",
                  "give that folder and the files in it to " + user};
}

Found file_obstacle(const std::string& path, const std::string& user) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return errno == ENOENT && !target_of(path).empty() ? Found(absent(path, user)) : std::nullopt;
  if (S_ISDIR(found.st_mode)) return Obstacle{path + " is a folder", "name a file in it"};
  if (!S_ISREG(found.st_mode)) return Obstacle{path + " is no regular file", "move it away or name another path"};
  if (may(path, R_OK | W_OK) || errno != EACCES) return std::nullopt;
  return Obstacle{"user " + user + " may not write " + path + " (owner " + name_of(found.st_uid) + ")",
                  "chown " + user + " " + path + "*"};
}

}  // namespace

std::optional<Obstacle> store_obstacle(const std::string& path) {
  const std::string user = name_of(::geteuid());
  const std::string folder = path.substr(0, path.rfind('/'));
  if (auto found = folder_obstacle(folder, user)) return found;
  if (auto found = right_obstacle(folder.empty() ? "/" : folder, user)) return found;
  return file_obstacle(path, user);
}

}  // namespace tlspolicyd
