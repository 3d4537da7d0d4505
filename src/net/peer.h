// Who is at the other end of a connection, as far as the kernel vouches for it: the
// user of a unix socket, the address of an inet one. A value.
#pragma once

#include <sys/types.h>

#include <compare>
#include <string>

#include "base/ip_address.h"

namespace tlspolicyd {

struct Peer {
  bool local = true;
  uid_t uid = static_cast<uid_t>(-1);  // of a local one
  IpAddress address;                   // of another

  friend auto operator<=>(const Peer&, const Peer&) = default;
};

[[nodiscard]] Peer peer_of(int fd);

// "uid 100" or "192.0.2.1".
[[nodiscard]] std::string to_text(const Peer& peer);

}  // namespace tlspolicyd
