#include "listen/inet_listener.h"

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

bool is_loopback(const addrinfo& address) {
  constexpr std::uint32_t kNet = 127, kNetBits = 24;
  if (address.ai_family == AF_INET)
    return ntohl(reinterpret_cast<const sockaddr_in*>(address.ai_addr)->sin_addr.s_addr) >> kNetBits == kNet;
  return address.ai_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address.ai_addr)->sin6_addr) != 0;
}

std::string cure_for_bind(int error, const addrinfo& address) {
  switch (error) {
    case EADDRINUSE:
      return "another process, or another element of listen, has that address; stop that process (ss -lntp shows it) or "
             "choose another port";
    case EADDRNOTAVAIL:
      if (is_loopback(address))
        return "the loopback interface is down or lacks that address; see `ip address show lo`, `ip link set lo up`";
      return "this host does not have that address; see `ip address`, or listen on 127.0.0.1";
    case EACCES: return "ports below 1024 are for root; start as root or choose a higher port";
    case EAFNOSUPPORT: return "this host does not speak that address family; choose another address";
    default: return std::strerror(error);
  }
}

void give_up(UniqueFd& fd) {
  const int error = errno;
  fd.reset();
  errno = error;
}

// Does not listen yet. Empty, with errno set, where the address cannot be had.
UniqueFd bind_inet(const addrinfo& address) {
  UniqueFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (address.ai_family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  set_tcp_options(fd.get());
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) give_up(fd);
  return fd;
}

UniqueFd listen_inet(const addrinfo& address) {
  UniqueFd fd = bind_inet(address);
  if (fd && listen(fd.get(), kListenBacklog) != 0) give_up(fd);
  return fd;
}

// An address that another socket has is one that can be had.
UniqueFd bind_or_share(const addrinfo& address) {
  UniqueFd fd = bind_inet(address);
  return !fd && errno == EADDRINUSE ? UniqueFd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0))
                                    : std::move(fd);
}

Result<AddressListPtr> resolve(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string host = address.host.empty() ? "localhost" : address.host;
  const int error = getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0) return fail(std::string(gai_strerror(error)) + "; write the address itself in place of " + host);
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
Result<std::vector<UniqueFd>> on_each(const ListenAddress& address, UniqueFd (*take)(const addrinfo&)) {
  const auto list = resolve(address);
  if (!list) return tl::unexpected(list.error());
  std::vector<UniqueFd> taken;
  std::string missing;
  for (const addrinfo* at = list->get(); at != nullptr; at = at->ai_next) {
    if (is_repeated(list->get(), at)) continue;
    if (UniqueFd fd = take(*at)) {
      taken.push_back(std::move(fd));
      continue;
    }
    const int error = errno;
    missing = cure_for_bind(error, *at);
    if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) return fail(missing);
  }
  if (taken.empty()) return fail(missing);
  return taken;
}

}  // namespace

void set_tcp_options(int fd) {
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
  set_flag(fd, SOL_SOCKET, SO_KEEPALIVE);
}

Result<std::vector<ListeningSocket>> open_inet_listener(const ListenAddress& address) {
  auto taken = on_each(address, listen_inet);
  if (!taken) return tl::unexpected(taken.error());
  std::vector<ListeningSocket> sockets;
  for (UniqueFd& fd : *taken) {
    std::string name = listen_name_of(fd.get());
    sockets.push_back({std::move(fd), std::move(name), nullptr});
  }
  return sockets;
}

Result<void> probe_inet_listener(const ListenAddress& address) {
  return on_each(address, bind_or_share).map([](const std::vector<UniqueFd>&) {});
}

}  // namespace tlspolicyd
