#include "net/connect.h"

#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace tlspolicyd {
namespace {

std::uint32_t scope_id(const std::string& scope) {
  if (scope.empty()) return 0;
  if (const auto number = parse_decimal(scope, UINT32_MAX)) return static_cast<std::uint32_t>(*number);
  return if_nametoindex(scope.c_str());
}

// connect() says EADDRNOTAVAIL where no port is left, and also where this host has no address of the
// family, as with IPv6 switched off: then it says so of UDP, too, which says EAGAIN for want of a port.
bool has_source_address(const SocketAddress& peer) {
  const UniqueFd probe(::socket(peer.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !probe || ::connect(probe.get(), peer.get(), peer.size) == 0 || errno != EADDRNOTAVAIL;
}

}  // namespace

tl::expected<UniqueFd, int> connect_to(const SocketAddress& peer, int socket_type) {
  UniqueFd fd(::socket(peer.family(), socket_type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return tl::unexpected(errno);
  if (::connect(fd.get(), peer.get(), peer.size) == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  return tl::unexpected(error == EADDRNOTAVAIL && !has_source_address(peer) ? ENETUNREACH : error);
}

tl::expected<UniqueFd, int> connect_to(const Resolver& resolver, int socket_type) {
  return connect_to(to_socket_address(resolver.address, resolver.port, scope_id(resolver.scope)), socket_type);
}

bool is_shortage(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case EAGAIN: return true;
    default: return false;
  }
}

bool stays_here(int error) {
  switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EAFNOSUPPORT:
    case EPERM:
    case EACCES: return true;
    default: return false;
  }
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace tlspolicyd
