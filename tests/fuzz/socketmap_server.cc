// The server's side of a socketmap, with a stream of octets in pieces: one reply a request,
// in order, and nothing after the first octet that is no request.
//
//   input: 2 octets that choose pieces, then what Postfix's end sends before it ends
#include <sys/socket.h>

#include <array>

#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "fuzz/fuzz.h"
#include "postfix/netstring.h"
#include "socketmap/socketmap_server.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

std::string reply_to(const MapQuestion& question) { return "OK " + std::to_string(question.key.size()); }

// Answers keys that begin with 'w' later, the last one first.
class Echo final : public Answers {
 public:
  [[nodiscard]] bool answer_now(const MapQuestion& question, std::string& out) override {
    if (question.key.starts_with('w')) return false;
    out += reply_to(question);
    return true;
  }
  [[nodiscard]] Ticket answer(const MapQuestion& question, Done done) override {
    const auto alive = std::make_shared<bool>(true);
    waiting_.push_back([alive, done = std::move(done), reply = reply_to(question)] {
      if (*alive) done(reply);
    });
    return Ticket([alive] { *alive = false; });
  }
  [[nodiscard]] std::string answer_by_now(const MapQuestion& question) override { return reply_to(question); }
  void answer_waiting() {
    for (; !waiting_.empty();) {
      const auto last = std::move(waiting_.back());
      waiting_.pop_back();
      last();
    }
  }

 private:
  std::vector<std::function<void()>> waiting_;
};

// What must come back for all of `stream`, by the framing alone.
std::string expected(std::string_view stream) {
  std::string out;
  for (;;) {
    const auto frame = read_netstring(stream, kMaxRequest);
    if (!frame || !*frame) return out;
    const auto request = parse_socketmap_request((*frame)->payload);
    if (!request) return out;
    append_netstring(out, reply_to({request->map_name, request->key}));
    stream.remove_prefix((*frame)->size);
  }
}

class Session {
 public:
  std::string run(const std::vector<std::string_view>& pieces) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0,
            "a pair of sockets");
    client_.reset(ends[0]);
    server_.serve(UniqueFd(ends[1]));
    for (const std::string_view piece : pieces) {
      send(piece);
      turn();
    }
    static_cast<void>(::shutdown(client_.get(), SHUT_WR));
    for (int turns = 0; server_.connections() != 0 && turns < 1000; ++turns) turn();
    require(server_.connections() == 0, "a connection ends when its peer has ended and got all replies");
    receive();
    return received_;
  }

 private:
  void turn() {
    loop_.post([this] { loop_.stop(); });
    loop_.run();
    answers_.answer_waiting();
    receive();
  }
  void send(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t sent = ::send(client_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return;
      octets.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
      if (!octets.empty()) turn();
    }
  }
  void receive() {
    std::array<char, 65536> octets;
    for (ssize_t n; (n = ::recv(client_.get(), octets.data(), octets.size(), 0)) > 0;)
      received_.append(octets.data(), static_cast<std::size_t>(n));
  }

  FakeTime time_;
  CapturedLog log_;
  Metrics metrics_;
  Loop loop_;
  Echo answers_;
  SocketmapServer server_{loop_, time_, time_, answers_, metrics_, log_, {}};
  UniqueFd client_;
  std::string received_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint64_t seed = input.number(2);
  const std::string_view stream = input.rest();
  const std::string wanted = expected(stream);
  require(Session().run({stream}) == wanted, "one reply a request, in order");
  require(Session().run(fuzz::in_pieces(stream, seed)) == wanted, "pieces do not matter");
  return 0;
}
