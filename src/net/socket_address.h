// An address and port in the form that the socket calls take.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/ip_address.h"

namespace tlspolicyd {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// `scope_id`: the interface of a link-local IPv6 address, else 0.
[[nodiscard]] SocketAddress to_socket_address(const IpAddress& address, std::uint16_t port, std::uint32_t scope_id = 0);

}  // namespace tlspolicyd
