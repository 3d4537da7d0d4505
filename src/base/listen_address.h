// One element of the parameter `listen`, parsed: where Postfix connects. A value; no I/O.
#pragma once

#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tlspolicyd {

inline constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

struct ListenAddress {
  std::string path;        // of a unix socket; "": inet
  std::string host;        // name or literal without brackets; "" is localhost
  std::uint16_t port = 0;  // 0: the kernel chooses one

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// `inet:HOST:PORT`, `inet:[V6]:PORT` or `unix:PATH`, PATH with room in a socket address.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

// As it is written in the configuration.
[[nodiscard]] std::string to_text(const ListenAddress& address);

}  // namespace tlspolicyd
