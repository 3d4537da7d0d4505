#include "bench/load_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "postfix/netstring.h"

namespace tlspolicyd::bench {
namespace {

sockaddr_in loopback(unsigned host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
  return address;
}

const sockaddr* plain(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

}  // namespace

bool LoadClient::connect(std::uint16_t port, unsigned source) {
  close();
  fd_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source != 0) {
    setsockopt(fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const sockaddr_in from = loopback(source, 0);
    if (::bind(fd(), plain(from), sizeof from) != 0) return false;
  }
  const sockaddr_in to = loopback(0, port);
  return ::connect(fd(), plain(to), sizeof to) == 0;  // blocks no longer than the listener's queue is full
}

void LoadClient::ask(const std::string& name, SteadyNow::time_point since) {
  out_.append(std::to_string(name.size() + 6)).append(":QUERY ").append(name).append(",");
  asked_.push_back(since);
}

bool LoadClient::flush() {
  if (out_.empty()) return true;
  const ssize_t sent = ::send(fd(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const bool whole = sent == static_cast<ssize_t>(out_.size());  // small beside the socket's buffer
  out_.clear();
  return whole;
}

int LoadClient::receive(std::string_view right, LoadStats& stats) {
  std::array<char, 65536> room;
  const ssize_t got = ::recv(fd(), room.data(), room.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got <= 0) return -1;
  in_.append(room.data(), static_cast<std::size_t>(got));
  return take_replies(right, stats);
}

int LoadClient::take_replies(std::string_view right, LoadStats& stats) {
  const auto now = SteadyNow::now();
  int replies = 0;
  std::size_t done = 0;
  while (!asked_.empty()) {
    const auto frame = read_netstring(std::string_view(in_).substr(done), 100'000);
    if (!frame) return -1;
    if (!*frame) break;
    stats.add(asked_.front(), now, (*frame)->payload.substr(0, right.size()) == right);
    asked_.pop_front();
    done += (*frame)->size;
    ++replies;
  }
  in_.erase(0, done);
  return replies;
}

}  // namespace tlspolicyd::bench
