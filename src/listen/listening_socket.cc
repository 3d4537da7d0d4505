#include "listen/listening_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/ip_address.h"
#include "listen/inet_listener.h"
#include "net/socket_address.h"
#include "listen/unix_listener.h"

namespace tlspolicyd {
namespace {

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

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  if (lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

SocketFile::~SocketFile() {
  struct stat status {};
  if (lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) unlink(path_.c_str());
}

std::string listen_name_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "unknown";
  return address.ss_family == AF_UNIX ? name_of_path(address, size) : name_of_inet(address);
}

Result<std::vector<ListeningSocket>> open_listener(const ListenAddress& address, const SocketRights& rights) {
  auto sockets = address.path.empty() ? open_inet_listener(address) : open_unix_listener(address, rights);
  if (!sockets) return fail("listen " + to_text(address) + ": " + sockets.error().text);
  return sockets;
}

bool is_reachable(const ListenAddress& address) {
  const auto ip = parse_ip(address.host);
  if (!address.path.empty() || !ip) return true;
  const SocketAddress target = to_socket_address(*ip, address.port);
  const UniqueFd probe(socket(target.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !probe || connect(probe.get(), target.get(), target.size) == 0 || errno != ENETUNREACH;
}

Result<void> probe_listener(const ListenAddress& address) {
  return address.path.empty() ? probe_inet_listener(address) : probe_unix_listener(address);
}

}  // namespace tlspolicyd
