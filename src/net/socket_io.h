// recv() and send() for sockets that do not block. glibc's own are points at which a thread
// may be cancelled; nobody here is, and in a program of several threads that readiness costs
// each answer some 60 ns (measured).
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

namespace tlspolicyd {

// Octets read, 0 at the end of input, or -1 and errno.
[[nodiscard]] inline ssize_t recv_now(int fd, char* to, std::size_t size) noexcept {
  return syscall(SYS_recvfrom, fd, to, size, 0, nullptr, nullptr);
}

// Octets taken, or -1 and errno; no SIGPIPE.
[[nodiscard]] inline ssize_t send_now(int fd, std::string_view octets) noexcept {
  return syscall(SYS_sendto, fd, octets.data(), octets.size(), MSG_NOSIGNAL, nullptr, 0);
}

}  // namespace tlspolicyd
