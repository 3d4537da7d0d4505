// Requests to the control socket, in pieces, against the protocol of control_protocol.h.
//
//   input: 2 octets that choose pieces, then what the client sends before it ends
#include <sys/socket.h>

#include <array>

#include "base/text.h"
#include "fakes/fake_time.h"
#include "fuzz/fuzz.h"
#include "control/control_connection.h"
#include "control/control_protocol.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

constexpr std::size_t kEntries = 40;

// Knows what every domain that begins with 'k' says, and forgets only those.
class Handler final : public ControlHandler {
 public:
  std::string status() override { return ++asked, "{}"; }
  std::vector<std::string> list(std::size_t& cursor, std::size_t most) override {
    std::vector<std::string> lines;
    for (; lines.size() < most && cursor < kEntries; ++cursor) lines.emplace_back("{}");
    return lines;
  }
  Ticket show(const Domain& domain, Shown done) override {
    return later([done, known = is_known(domain)] { done(known ? std::optional<std::string>("{}") : std::nullopt); });
  }
  Ticket purge(const Domain& domain, Forgotten done) override {
    return later([done, known = is_known(domain)] { done(std::size_t{known}); });
  }
  Ticket purge_all(Forgotten done) override {
    return later([done] { done(fail("disk\nfull")); });
  }
  void run_later() {
    if (const auto task = std::exchange(waiting_, nullptr)) task();
  }

  int asked = 0;

 private:
  static bool is_known(const Domain& domain) { return domain.text().starts_with('k'); }
  Ticket later(std::function<void()> task) {
    ++asked;
    waiting_ = std::move(task);
    return Ticket([this] { waiting_ = nullptr; });
  }
  std::function<void()> waiting_;
};

class Session {
 public:
  std::string run(const std::vector<std::string_view>& pieces) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0,
            "a pair of sockets");
    client_.reset(ends[0]);
    ControlConnection connection(loop_, time_, UniqueFd(ends[1]), handler_, [this] { ended_ = true; });
    for (const std::string_view piece : pieces) {
      static_cast<void>(::send(client_.get(), piece.data(), piece.size(), MSG_NOSIGNAL));
      turn();
    }
    static_cast<void>(::shutdown(client_.get(), SHUT_WR));
    for (int turns = 0; !ended_ && turns < 100; ++turns) {
      handler_.run_later();
      turn();
    }
    require(ended_ && connection.ended(), "a connection ends");
    require(handler_.asked <= 1, "one request a connection");
    return received();
  }

 private:
  void turn() {
    loop_.post([this] { loop_.stop(); });
    loop_.run();
  }
  std::string received() const {
    std::string all;
    std::array<char, 4096> octets;
    for (ssize_t n; (n = ::recv(client_.get(), octets.data(), octets.size(), 0)) > 0;)
      all.append(octets.data(), static_cast<std::size_t>(n));
    return all;
  }

  Loop loop_;
  FakeTime time_;
  Handler handler_;
  UniqueFd client_;
  bool ended_ = false;
};

bool is_last_line(std::string_view line) {
  return line == control::kAbsent || line.starts_with("done ") || line.starts_with("error ");
}

void check_reply(std::string_view reply) {
  if (reply.empty()) return;
  require(reply.ends_with('\n'), "whole lines");
  auto lines = split(reply.substr(0, reply.size() - 1), '\n');
  for (const std::string_view line : lines) require(fuzz::is_printable(line), "printable lines");
  require(is_last_line(lines.back()), "a last line");
  const std::string_view last = lines.back();
  lines.pop_back();
  for (const std::string_view line : lines) require(line == "{}", "lines of JSON before it");
  if (last.starts_with("done ") && !lines.empty())
    require(last == "done " + std::to_string(lines.size()), "the count is that of the lines");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint64_t seed = input.number(2);
  const std::string_view request = input.rest().substr(0, 4 * control::kMaxRequest);
  const std::string whole = Session().run({request});
  check_reply(whole);
  require(Session().run(fuzz::in_pieces(request, seed)) == whole, "pieces do not matter");
  const bool asked = request.find('\n') != request.npos || request.size() >= control::kMaxRequest;
  require(whole.empty() == !asked, "a request gets a reply, anything less gets none");
  return 0;
}
