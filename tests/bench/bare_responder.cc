// The limit for one thread: recv, read a netstring, send a constant, on epoll; no look-up,
// no clock, no limits.   bare_responder PORT
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <string>
#include <unordered_map>

#include "base/unique_fd.h"
#include "bench/listen.h"
#include "bench/names.h"
#include "postfix/netstring.h"

using namespace tlspolicyd;

namespace {

struct Client {
  UniqueFd fd;
  std::string kept;
};

std::string constant_reply() {
  const std::string domain = bench::Names{.first = 500}.at(0);
  std::string framed;
  append_netstring(framed, "OK secure match=mx1." + domain + ":.mx." + domain + " servername=hostname");
  return framed;
}

bool serve(Client& client, const std::string& reply) {
  std::array<char, 16384> room;
  const ssize_t got = recv(client.fd.get(), room.data(), room.size(), 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  client.kept.append(room.data(), static_cast<std::size_t>(got));
  std::string out;
  std::size_t done = 0;
  for (;;) {
    const auto frame = read_netstring(std::string_view(client.kept).substr(done), kMaxRequest);
    if (!frame) return false;
    if (!*frame) break;
    done += (*frame)->size;
    out += reply;
  }
  client.kept.erase(0, done);
  return out.empty() || send(client.fd.get(), out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const UniqueFd listener = bench::listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
  const UniqueFd poll(epoll_create1(0));
  const std::string reply = constant_reply();
  std::unordered_map<int, Client> clients;
  const auto watch = [&](int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener.get());
  for (std::array<epoll_event, 64> ready;;) {
    const int count = epoll_wait(poll.get(), ready.data(), ready.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd != listener.get()) {
        if (!serve(clients[fd], reply)) clients.erase(fd);
        continue;
      }
      for (int made; (made = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; watch(made)) {
        const int on = 1;
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        clients[made].fd = UniqueFd(made);
      }
    }
  }
}
