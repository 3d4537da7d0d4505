#include "net/listening_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/c_ptr.h"
#include "base/ip_address.h"
#include "base/text.h"

namespace tlspolicyd {
namespace {

using AddressListPtr = CPtr<addrinfo, freeaddrinfo>;

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START

std::string reason(int error) { return std::strerror(error); }

void set_flag(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

// Accepted connections inherit these two: replies go out at once, and the connection
// of a client that vanished is found out.
void set_tcp_options(int fd) {
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
  set_flag(fd, SOL_SOCKET, SO_KEEPALIVE);
}

std::string name_of_inet(const sockaddr_storage& address) {
  IpAddress ip;
  std::uint16_t port;
  if (address.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
    ip.family = IpAddress::Family::v6;
    std::memcpy(ip.octets.data(), &in.sin6_addr, 16);
    port = ntohs(in.sin6_port);
  } else {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(ip.octets.data(), &in.sin_addr, 4);
    port = ntohs(in.sin_port);
  }
  return to_text(ListenAddress{.path = "", .host = to_text(ip), .port = port});
}

std::string name_of_path(const sockaddr_storage& address, socklen_t size) {
  const auto& local = reinterpret_cast<const sockaddr_un&>(address);
  std::string path(local.sun_path, size - offsetof(sockaddr_un, sun_path));
  if (!path.empty() && path.front() == '\0') return "unix:@" + path.substr(1);
  return std::string("unix:") + path.c_str();
}

std::string name_of_socket(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "unknown";
  return address.ss_family == AF_UNIX ? name_of_path(address, size) : name_of_inet(address);
}

std::string cure_for_bind(int error) {
  switch (error) {
    case EADDRINUSE:
      return "another process listens there; stop it (ss -lntp shows it) or choose another port";
    case EADDRNOTAVAIL:
      return "this host does not have that address; see `ip address`, or listen on 127.0.0.1";
    case EACCES:
      return "ports below 1024 are for root; start as root or choose a higher port";
    case EAFNOSUPPORT: return "this host does not speak that address family; choose another address";
    default: return reason(error);
  }
}

// Empty, with errno set, where the address cannot be had.
UniqueFd bind_inet(const addrinfo& address) {
  UniqueFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (address.ai_family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  set_tcp_options(fd.get());
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0 &&
      listen(fd.get(), kListenBacklog) == 0)
    return fd;
  const int error = errno;
  fd.reset();
  errno = error;
  return fd;
}

Result<AddressListPtr> resolve(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string host = address.host.empty() ? "localhost" : address.host;
  const int error = getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0)
    return fail(std::string(gai_strerror(error)) + "; write the address itself in place of " + host);
  return AddressListPtr(list);
}

bool same_address(const addrinfo& a, const addrinfo& b) {
  return a.ai_addrlen == b.ai_addrlen && std::memcmp(a.ai_addr, b.ai_addr, a.ai_addrlen) == 0;
}

// A hosts file may name an address twice.
bool is_repeated(const addrinfo* first, const addrinfo* which) {
  for (; first != which; first = first->ai_next)
    if (same_address(*first, *which)) return true;
  return false;
}

// A name such as localhost may stand for an address of a family that is switched off:
// that one is missing only where no other is left.
Result<std::vector<ListeningSocket>> open_inet(const ListenAddress& address) {
  const auto list = resolve(address);
  if (!list) return tl::unexpected(list.error());
  std::vector<ListeningSocket> sockets;
  int missing = 0;
  for (const addrinfo* at = list->get(); at != nullptr; at = at->ai_next) {
    if (is_repeated(list->get(), at)) continue;
    UniqueFd fd = bind_inet(*at);
    const bool absent = !fd && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
    if (!fd && !absent) return fail(cure_for_bind(errno));
    if (!fd) missing = errno;
    if (fd) {
      std::string name = name_of_socket(fd.get());
      sockets.push_back({std::move(fd), std::move(name), nullptr});
    }
  }
  if (sockets.empty()) return fail(cure_for_bind(missing));
  return sockets;
}

sockaddr_un to_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether the file may be taken away: a socket nobody listens on.
Result<bool> is_left_behind(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return false;
  if (!S_ISSOCK(status.st_mode))
    return fail("a file is there that is no socket; remove it or choose another path");
  const UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return fail(reason(errno));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN)
    return fail("another process listens there; if it is an older tlspolicyd, stop it first");
  if (errno == ECONNREFUSED) return true;
  return fail("cannot tell whether the socket there is in use (" + reason(errno) +
              "); remove it or choose another path");
}

std::string cure_for_path(int error) {
  switch (error) {
    case ENOENT: return "its directory does not exist; create it";
    case EACCES: return "its directory is not writable for this user; change its owner or mode";
    case EROFS: return "its directory is on a read-only file system; choose another path";
    default: return reason(error);
  }
}

Result<std::optional<gid_t>> find_group(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto* const group = getgrnam(name.c_str());
  if (group == nullptr)
    return fail("there is no group " + name + "; create it or change socket_group");
  return group->gr_gid;
}

// The mode comes from the umask and the owner from lchown(): a chmod() could be led
// astray by whoever may write to the directory.
bool bind_path(int fd, const sockaddr_un& address, mode_t mode) {
  const mode_t before = umask(~mode & 0777);
  const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(before);
  errno = error;
  return bound == 0;
}

// The file is open to all that its mode lets in only once listen() was called.
Result<std::vector<ListeningSocket>> open_path(const ListenAddress& listener,
                                               const SocketRights& rights) {
  const sockaddr_un address = to_address(listener.path);
  const auto group = find_group(rights.group);
  if (!group) return tl::unexpected(group.error());
  const auto left = is_left_behind(listener.path, address);
  if (!left) return tl::unexpected(left.error());
  if (*left && unlink(listener.path.c_str()) != 0) return fail(cure_for_path(errno));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(reason(errno));
  if (!bind_path(fd.get(), address, rights.mode)) return fail(cure_for_path(errno));
  auto file = std::make_unique<SocketFile>(listener.path);
  if (*group && lchown(listener.path.c_str(), static_cast<uid_t>(-1), **group) != 0)
    return fail("the socket may not be given to group " + rights.group +
                "; start as root or as a member of it");
  if (listen(fd.get(), kListenBacklog) != 0) return fail(reason(errno));
  std::vector<ListeningSocket> sockets;
  sockets.push_back({std::move(fd), to_text(listener), std::move(file)});
  return sockets;
}

// How many descriptors are passed to this very process.
int passed_descriptors() {
  constexpr std::uint64_t kMost = 1024;
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr) return 0;
  if (parse_decimal(pid, UINT32_MAX) != static_cast<std::uint64_t>(getpid())) return 0;
  return static_cast<int>(parse_decimal(count, kMost).value_or(0));
}

int option(int fd, int which) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status{};
  if (lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

SocketFile::~SocketFile() {
  struct stat status{};
  if (lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) unlink(path_.c_str());
}

Result<std::vector<ListeningSocket>> open_listener(const ListenAddress& address,
                                                   const SocketRights& rights) {
  auto sockets = address.path.empty() ? open_inet(address) : open_path(address, rights);
  if (!sockets) return fail("listen " + to_text(address) + ": " + sockets.error().text);
  return sockets;
}

Result<std::vector<ListeningSocket>> inherited_listeners() {
  std::vector<ListeningSocket> sockets;
  const int count = passed_descriptors();
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  for (int fd = kFirstPassed; fd < kFirstPassed + count; ++fd) {
    auto socket = adopt_listener(UniqueFd(fd));
    if (!socket) return tl::unexpected(socket.error());
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

Result<ListeningSocket> adopt_listener(UniqueFd fd) {
  const int family = option(fd.get(), SO_DOMAIN);
  const bool known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
  if (!known || option(fd.get(), SO_TYPE) != SOCK_STREAM || option(fd.get(), SO_ACCEPTCONN) != 1)
    return fail("descriptor " + std::to_string(fd.get()) +
                " passed by systemd is no listening stream socket; use ListenStream= in the socket unit");
  fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  if (family != AF_UNIX) set_tcp_options(fd.get());
  std::string name = name_of_socket(fd.get());
  return ListeningSocket{std::move(fd), std::move(name), nullptr};
}

}  // namespace tlspolicyd
