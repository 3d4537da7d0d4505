#include "listen/inherited_listeners.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "listen/inet_listener.h"

namespace tlspolicyd {
namespace {

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START

// How many descriptors are passed to this very process.
int passed_descriptors() {
  constexpr std::uint64_t kMost = 1024;
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr) return 0;
  if (parse_decimal(pid, UINT32_MAX) != static_cast<std::uint64_t>(getpid())) return 0;
  return static_cast<int>(parse_decimal(count, kMost).value_or(0));
}

int option(int fd, int which) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
}

}  // namespace

Result<std::vector<ListeningSocket>> inherited_listeners() {
  std::vector<ListeningSocket> sockets;
  const int count = passed_descriptors();
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  for (int fd = kFirstPassed; fd < kFirstPassed + count; ++fd) {
    auto socket = adopt_listener(UniqueFd(fd));
    if (!socket) return tl::unexpected(socket.error());
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

Result<ListeningSocket> adopt_listener(UniqueFd fd) {
  const int family = option(fd.get(), SO_DOMAIN);
  const bool known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
  if (!known || option(fd.get(), SO_TYPE) != SOCK_STREAM || option(fd.get(), SO_ACCEPTCONN) != 1)
    return fail("descriptor " + std::to_string(fd.get()) +
                " passed by systemd is no listening stream socket; use ListenStream= in the socket unit");
  fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  if (family != AF_UNIX) set_tcp_options(fd.get());
  std::string name = listen_name_of(fd.get());
  return ListeningSocket{std::move(fd), std::move(name), nullptr, true};
}

}  // namespace tlspolicyd
