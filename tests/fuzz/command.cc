// The one-shot commands, where what listens on the control socket is no daemon of ours: a
// terminal gets nothing but printable lines, and the command ends.
//
//   input: 1 octet for the command, then what the other end says
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/cache.h"
#include "cli/purge.h"
#include "cli/status.h"
#include "fakes/fake_time.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

// In the abstract name space, which needs no file; one process, one name.
class Daemon {
 public:
  Daemon()
      : name_(std::string(1, '\0') + "tlspolicyd-fuzz-" + std::to_string(::getpid())),
        listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    require(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "a name");
    require(::listen(listener_.get(), 1) == 0, "a listener");
  }
  // Hears one request, says `reply` and ends.
  void serve(std::string_view reply) const {
    const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
    char request[256];
    require(::recv(peer.get(), request, sizeof request, 0) > 0, "a request");
    while (!reply.empty()) {
      const ssize_t sent = ::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      reply.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  UniqueFd listener_;
};

int run_command(std::size_t which, const Cli& cli) {
  switch (which) {
    case 0: return list_cache(cli);
    case 1: return show_cached(cli, "d.example");
    case 2: return show_status(cli);
    case 3: return purge(cli, "d.example");
    default: return purge_all(cli);
  }
}

bool is_text(std::string_view text) {
  const auto lines = split(text, '\n');
  return std::all_of(lines.begin(), lines.end(), fuzz::is_printable);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t which = input.choose(10);
  const std::string_view reply = input.rest();
  static const Daemon daemon;
  std::ostringstream out, err;
  const Terminal terminal{out, err};
  const FakeTime time;
  const Cli cli{.terminal = terminal,
                .clock = time,
                .json = which >= 5,
                .control_socket = daemon.name(),
                .read_store = {},
                .write_store = {},
                .empty_store = {},
                .rules = {}};
  std::thread other_end([&] { daemon.serve(reply); });
  const int code = run_command(which % 5, cli);
  other_end.join();
  require(is_text(out.str()) && is_text(err.str()), "printable lines only");
  require(code == 0 || !err.str().empty(), "whatever failed is said");
  return 0;
}
