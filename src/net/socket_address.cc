#include "net/socket_address.h"

#include <netinet/in.h>

#include <cstring>

namespace tlspolicyd {
namespace {

template <typename T>
SocketAddress packed(const T& address) {
  static_assert(sizeof address <= sizeof(sockaddr_storage));
  SocketAddress out;
  std::memcpy(&out.storage, &address, sizeof address);
  out.size = sizeof address;
  return out;
}

}  // namespace

SocketAddress to_socket_address(const IpAddress& address, std::uint16_t port, std::uint32_t scope_id) {
  if (address.family == IpAddress::Family::v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.octets.data(), sizeof v4.sin_addr);
    return packed(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_scope_id = scope_id;
  std::memcpy(&v6.sin6_addr, address.octets.data(), sizeof v6.sin6_addr);
  return packed(v6);
}

}  // namespace tlspolicyd
