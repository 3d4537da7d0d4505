// A resolver that calls every answer authentic, for measurements with DANE: relays to an
// authoritative server, which cannot set AD itself. UDP, one thread.   ad_front PORT TO_PORT
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/unique_fd.h"

using tlspolicyd::UniqueFd;

namespace {

constexpr unsigned char kAuthentic = 0x20;  // of the fourth octet
constexpr std::size_t kHeader = 12;

struct Asker {
  sockaddr_in from{};
  std::array<unsigned char, 2> id{};
};

sockaddr_in loopback(const char* port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

class Relay {
 public:
  Relay(const sockaddr_in& here, const sockaddr_in& there) {
    if (bind(front_.get(), plain(here), sizeof here) != 0 || connect(back_.get(), plain(there), sizeof there) != 0)
      std::exit(1);
  }

  void run() {
    for (;;) {
      std::array<pollfd, 2> ready{{{front_.get(), POLLIN, 0}, {back_.get(), POLLIN, 0}}};
      poll(ready.data(), ready.size(), -1);
      while (pass_question()) {
      }
      while (pass_answer()) {
      }
    }
  }

 private:
  static const sockaddr* plain(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

  // Each question gets an id of ours; an answer that comes 65536 questions later goes astray.
  bool pass_question() {
    Asker asker;
    socklen_t size = sizeof asker.from;
    const ssize_t got = recvfrom(front_.get(), room_.data(), room_.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&asker.from), &size);
    if (got < static_cast<ssize_t>(kHeader)) return got >= 0;
    asker.id = {room_[0], room_[1]};
    askers_[++last_] = asker;
    room_[0] = static_cast<unsigned char>(last_ >> 8);
    room_[1] = static_cast<unsigned char>(last_ & 0xFF);
    send(back_.get(), room_.data(), static_cast<std::size_t>(got), 0);
    return true;
  }

  bool pass_answer() {
    const ssize_t got = recv(back_.get(), room_.data(), room_.size(), MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(kHeader)) return got >= 0;
    const Asker& asker = askers_[static_cast<std::size_t>(room_[0] << 8 | room_[1])];
    room_[0] = asker.id[0];
    room_[1] = asker.id[1];
    room_[3] |= kAuthentic;
    sendto(front_.get(), room_.data(), static_cast<std::size_t>(got), 0, plain(asker.from), sizeof asker.from);
    return true;
  }

  UniqueFd front_{socket(AF_INET, SOCK_DGRAM, 0)}, back_{socket(AF_INET, SOCK_DGRAM, 0)};
  std::vector<Asker> askers_{65536};
  std::uint16_t last_ = 0;
  std::array<unsigned char, 4096> room_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  Relay(loopback(argv[1]), loopback(argv[2])).run();
}
