#include "net/dns_connect.h"

#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "base/text.h"
#include "net/socket_address.h"

namespace tlspolicyd {
namespace {

std::uint32_t scope_id(const std::string& scope) {
  if (scope.empty()) return 0;
  if (const auto number = parse_decimal(scope, UINT32_MAX)) return static_cast<std::uint32_t>(*number);
  return if_nametoindex(scope.c_str());
}

}  // namespace

tl::expected<UniqueFd, int> connect_to(const Resolver& resolver, int socket_type) {
  const SocketAddress peer =
      to_socket_address(resolver.address, resolver.port, scope_id(resolver.scope));
  UniqueFd fd(::socket(peer.family(), socket_type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return tl::unexpected(errno);
  if (::connect(fd.get(), peer.get(), peer.size) != 0 && errno != EINPROGRESS)
    return tl::unexpected(errno);
  return fd;
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace tlspolicyd
