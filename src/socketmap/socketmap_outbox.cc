#include "socketmap/socketmap_outbox.h"

#include <cerrno>

#include "net/socket_io.h"
#include "socketmap/socketmap_traffic.h"

namespace tlspolicyd {
namespace {

struct Sent {
  std::size_t octets;
  int error;
};

Sent try_send(int fd, std::string_view octets) {
  const ssize_t sent = send_now(fd, octets);
  if (sent >= 0) return {static_cast<std::size_t>(sent), 0};
  return {0, errno == EAGAIN || errno == EINTR ? 0 : errno};
}

}  // namespace

int SocketmapOutbox::send(int fd, std::string_view out, const Clock& clock) {
  if (out.empty()) return 0;
  const Sent sent = unsent_.empty() ? try_send(fd, out) : Sent{0, 0};
  if (sent.error == 0 && sent.octets < out.size()) {
    unsent_.append(out.substr(sent.octets));
    if (!blocked_since_) blocked_since_ = clock.steady();
  }
  return sent.error;
}

int SocketmapOutbox::send_rest(int fd) {
  if (unsent_.empty()) return 0;
  const Sent sent = try_send(fd, std::string_view(unsent_).substr(sent_));
  sent_ += sent.octets;
  if (sent.error != 0 || sent_ < unsent_.size()) return sent.error;
  release(unsent_);
  sent_ = 0;
  blocked_since_.reset();
  return 0;
}

}  // namespace tlspolicyd
