#include "listen/unix_listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "process/privileges.h"

namespace tlspolicyd {
namespace {

constexpr const char* kOccupied = "a file is there that is no socket; remove it or choose another path";

sockaddr_un to_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether the file may be taken away: a socket nobody listens on.
Result<bool> is_left_behind(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return false;
  if (!S_ISSOCK(status.st_mode)) return fail(kOccupied);
  const UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return fail(std::strerror(errno));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
    return fail("another process listens there; if it is an older tlspolicyd, stop it first");
  if (errno == ECONNREFUSED) return true;
  return fail("cannot tell whether the socket there is in use (" + std::string(std::strerror(errno)) +
              "); remove it or choose another path");
}

std::string cure_for_path(int error) {
  switch (error) {
    case ENOENT: return "its directory does not exist; create it";
    case EACCES: return "its directory is not writable for this user; change its owner or mode";
    case ENOTDIR: return "what should be its directory is a file; choose another path";
    case EROFS: return "its directory is on a read-only file system; choose another path";
    default: return std::strerror(error);
  }
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

Result<std::optional<gid_t>> group_of(const SocketRights& rights) {
  if (rights.group.empty()) return std::nullopt;
  const auto group = find_group(rights.group);
  if (!group) return fail(group.error().text + "; create it or change socket_group");
  return *group;
}

// The mode comes from the umask: a chmod() could be led astray by whoever may write to the
// directory.
bool bind_path(int fd, const sockaddr_un& address, mode_t mode) {
  const mode_t before = umask(~mode & 0777);
  const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(before);
  errno = error;
  return bound == 0;
}

}  // namespace

// By a descriptor, of a socket that is ours and has no other name: whoever may write to the
// directory could have put something else at its path.
Result<void> give_socket(const std::string& path, uid_t owner, gid_t group) {
  const UniqueFd socket(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  if (!socket || fstat(socket.get(), &found) != 0) return fail(path + ": " + std::strerror(errno));
  if (!S_ISSOCK(found.st_mode) || found.st_nlink != 1 || found.st_uid != geteuid())
    return fail(path + " is not the socket that was made there");
  if (fchownat(socket.get(), "", owner, group, AT_EMPTY_PATH) == 0) return {};
  return fail(path + ": its owner cannot be changed: " + std::strerror(errno));
}

// The file is open to all that its mode lets in only once listen() was called.
Result<std::vector<ListeningSocket>> open_unix_listener(const ListenAddress& listener, const SocketRights& rights) {
  const sockaddr_un address = to_address(listener.path);
  const auto group = group_of(rights);
  if (!group) return tl::unexpected(group.error());
  const auto left = is_left_behind(listener.path, address);
  if (!left) return tl::unexpected(left.error());
  if (*left && unlink(listener.path.c_str()) != 0) return fail(cure_for_path(errno));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(std::strerror(errno));
  if (!bind_path(fd.get(), address, rights.mode)) return fail(cure_for_path(errno));
  auto file = std::make_unique<SocketFile>(listener.path);
  if (*group && !give_socket(listener.path, static_cast<uid_t>(-1), **group))
    return fail("the socket may not be given to group " + rights.group + "; start as root or as a member of it");
  if (listen(fd.get(), kListenBacklog) != 0) return fail(std::strerror(errno));
  std::vector<ListeningSocket> sockets;
  sockets.push_back({std::move(fd), to_text(listener), std::move(file)});
  return sockets;
}

Result<void> probe_unix_listener(const ListenAddress& listener) {
  struct stat found {};
  if (lstat(listener.path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) return fail(kOccupied);
  if (faccessat(AT_FDCWD, folder_of(listener.path).c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return fail(cure_for_path(errno));
  return {};
}

}  // namespace tlspolicyd
