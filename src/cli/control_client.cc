#include "cli/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "base/unique_fd.h"
#include "control/control_protocol.h"

namespace tlspolicyd {
namespace {

using Kind = ControlReply::Kind;

constexpr int kWaitMs = 250;
// Forgetting a million entries takes a while; a daemon that hangs must not hang us.
constexpr std::chrono::seconds kSilence{120};
// An entry with the largest policy, its reply of 100 kB, all of it escaped.
constexpr std::size_t kMaxLine = std::size_t{4} << 20;

ControlReply failed(std::string why) { return {Kind::failed, 0, std::move(why)}; }

ControlReply not_connected(const std::string& path, int error) {
  const std::string detail = path + ": " + std::strerror(error);
  if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR) return {Kind::no_daemon, 0, detail};
  if (error == EACCES || error == EPERM) return {Kind::refused, 0, detail};
  return failed(detail);
}

// Empty: connected.
std::optional<ControlReply> connect_to(const std::string& path, UniqueFd& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return ControlReply{Kind::no_daemon, 0, "no control_socket is configured"};
  if (path.size() >= sizeof address.sun_path) return failed(path + ": path too long for a unix socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  socket = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return failed(std::strerror(errno));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return std::nullopt;
  return not_connected(path, errno);
}

ControlReply last_line(std::string_view line) {
  const auto blank = line.find(' ');
  const std::string_view word = line.substr(0, blank);
  const std::string_view rest = blank == line.npos ? "" : line.substr(blank + 1);
  if (word == control::kDone) return {Kind::done, parse_decimal(rest, SIZE_MAX).value_or(0), {}};
  if (word == control::kAbsent) return {Kind::absent, 0, {}};
  if (word == control::kRefused) return {Kind::refused, 0, "the daemon hears only root and its own user"};
  if (word == control::kBusy) return failed("the daemon has too many control connections");
  if (word == control::kError) return failed(printable(rest));
  return failed("the daemon does not speak our protocol");
}

// What is printed goes to terminals; the daemon sends ASCII, a liar on its socket might not.
bool is_clean(std::string_view line) {
  for (const char c : line)
    if (c < ' ' || c > '~') return false;
  return true;
}

class ReplyReader {
 public:
  ReplyReader(const UniqueFd& socket, const ControlListener& listener) : socket_(socket), listener_(listener) {}

  ControlReply read() {
    while (wait()) {
      std::array<char, 65536> octets;
      const ssize_t n = ::recv(socket_.get(), octets.data(), octets.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failed("the daemon broke the connection off");
      buffer_.append(octets.data(), static_cast<std::size_t>(n));
      if (auto reply = take_lines()) return *std::move(reply);
      if (buffer_.size() > kMaxLine) return failed("the daemon's reply has a line without end");
    }
    return failed("the daemon does not answer");
  }

 private:
  // False: silence for too long.
  bool wait() {
    pollfd watched{socket_.get(), POLLIN, 0};
    for (int waited = 0; waited < std::chrono::milliseconds(kSilence).count(); waited += kWaitMs) {
      const int ready = ::poll(&watched, 1, kWaitMs);
      if (ready > 0) return true;
      if (ready == 0 && listener_.on_wait) listener_.on_wait();
    }
    return false;
  }

  // Empty: more lines are to come.
  std::optional<ControlReply> take_lines() {
    std::size_t begin = 0;
    for (auto end = buffer_.find('\n'); end != buffer_.npos; end = buffer_.find('\n', begin)) {
      const std::string_view line = std::string_view(buffer_).substr(begin, end - begin);
      begin = end + 1;
      if (line.substr(0, 1) != "{") return last_line(line);
      if (!is_clean(line)) return failed("the daemon's reply is not printable");
      if (!listener_.on_line(line)) return ControlReply{Kind::done, 0, {}};
    }
    buffer_.erase(0, begin);
    return std::nullopt;
  }

  const UniqueFd& socket_;
  const ControlListener& listener_;
  std::string buffer_;
};

}  // namespace

ControlReply ask_daemon(const std::string& socket_path, std::string_view request, const ControlListener& listener) {
  UniqueFd socket;
  if (auto problem = connect_to(socket_path, socket)) return *std::move(problem);
  const std::string line = std::string(request) + "\n";
  // A daemon that turns us away may have closed already; what it said can still be read.
  static_cast<void>(::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL));
  return ReplyReader(socket, listener).read();
}

}  // namespace tlspolicyd
