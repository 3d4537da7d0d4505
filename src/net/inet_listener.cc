#include "net/inet_listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/c_ptr.h"

namespace tlspolicyd {
namespace {

using AddressListPtr = CPtr<addrinfo, freeaddrinfo>;

void set_flag(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
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
    default: return std::strerror(error);
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

}  // namespace

void set_tcp_options(int fd) {
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
  set_flag(fd, SOL_SOCKET, SO_KEEPALIVE);
}

// A name such as localhost may stand for an address of a family that is switched off:
// that one is missing only where no other is left.
Result<std::vector<ListeningSocket>> open_inet_listener(const ListenAddress& address) {
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
      std::string name = listen_name_of(fd.get());
      sockets.push_back({std::move(fd), std::move(name), nullptr});
    }
  }
  if (sockets.empty()) return fail(cure_for_bind(missing));
  return sockets;
}

}  // namespace tlspolicyd
