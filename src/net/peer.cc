#include "net/peer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace tlspolicyd {
namespace {

Peer local_peer(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  Peer peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) peer.uid = credentials.uid;
  return peer;
}

}  // namespace

Peer peer_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  Peer peer{.local = false};
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    std::memcpy(peer.address.octets.data(), &in.sin_addr, 4);
    return peer;
  }
  if (storage.ss_family != AF_INET6) return local_peer(fd);
  const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
  peer.address.family = IpAddress::Family::v6;
  std::memcpy(peer.address.octets.data(), &in.sin6_addr, 16);
  return peer;
}

std::string to_text(const Peer& peer) { return peer.local ? "uid " + std::to_string(peer.uid) : to_text(peer.address); }

}  // namespace tlspolicyd
