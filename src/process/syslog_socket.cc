#include "process/syslog_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <ctime>

namespace tlspolicyd {
namespace {

// RFC 3164 section 4.1.2: local time.
std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%b %e %H:%M:%S", ::localtime_r(&now, &local))};
}

}  // namespace

void SyslogSocket::open() {
  if (!fd_ && !connect()) fd_.reset();
}

bool SyslogSocket::send(int severity, std::string_view text) {
  std::string datagram = '<' + std::to_string(LOG_MAIL | severity) + '>' + timestamp();
  datagram.append(" tlspolicyd[").append(std::to_string(::getpid())).append("]: ").append(text);
  if (fd_ && try_send(datagram)) return true;
  if (fd_ && errno == EAGAIN) return false;  // it is there, but slow
  return connect() && try_send(datagram);
}

void SyslogSocket::send_last_words(std::string_view text) const noexcept {
  std::array<iovec, 2> parts{part_of("<19>tlspolicyd: error: "), part_of(text)};  // facility mail, severity error
  msghdr datagram{};
  datagram.msg_iov = parts.data();
  datagram.msg_iovlen = parts.size();
  static_cast<void>(::sendmsg(fd_.get(), &datagram, MSG_DONTWAIT | MSG_NOSIGNAL) < 0);
}

bool SyslogSocket::try_send(std::string_view datagram) const {
  ssize_t sent;
  while ((sent = ::send(fd_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL)) < 0 &&
         errno == EINTR) {
  }
  return sent >= 0;
}

// Anew where the other end was restarted.
bool SyslogSocket::connect() {
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  if (path_.size() >= sizeof peer.sun_path) return false;
  path_.copy(peer.sun_path, path_.size());
  fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd_ && ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0;
}

}  // namespace tlspolicyd
