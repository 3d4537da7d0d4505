// The name server's own limit: TXT questions over one socket, a number in flight.
//   dns_load PORT NAMES IN_FLIGHT SECONDS
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "base/unique_fd.h"
#include "bench/load_stats.h"
#include "bench/names.h"
#include "dns/wire/dns_codec.h"

using namespace tlspolicyd;
using namespace tlspolicyd::bench;

int main(int argc, char** argv) {
  const auto names = argc == 5 ? parse_names(argv[2]) : std::nullopt;
  if (!names) return 64;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return 1;
  std::array<SteadyNow::time_point, 65536> asked;
  std::uint16_t id = 0;
  LoadStats stats;
  const auto ask = [&] {
    const std::string name = names->at(id);
    const auto wire = encode_query({"_mta-sts." + name, RrType::txt}, ++id, true);
    asked[id] = SteadyNow::now();
    static_cast<void>(send(fd.get(), wire->data(), wire->size(), 0));
  };
  for (int i = 0; i < std::atoi(argv[3]); ++i) ask();
  const auto begin = SteadyNow::now();
  const auto spent = [&] { return std::chrono::duration<double>(SteadyNow::now() - begin).count(); };
  std::array<unsigned char, 4096> room;
  while (spent() < std::atof(argv[4])) {
    pollfd ready{fd.get(), POLLIN, 0};
    if (poll(&ready, 1, 100) <= 0 || recv(fd.get(), room.data(), room.size(), MSG_DONTWAIT) < 12) continue;
    stats.add(asked[static_cast<std::size_t>(room[0] << 8 | room[1])], SteadyNow::now(), true);
    ask();
  }
  stats.print(spent());
  return 0;
}
