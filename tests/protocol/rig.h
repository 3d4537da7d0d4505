// The real socketmap server on socketpairs, with answers, clock and timers in the hands
// of the test. Nothing here waits: what was written is there for the other end at once.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "postfix/netstring.h"
#include "socketmap/socketmap_server.h"

namespace tlspolicyd {

// Keys with "wait" in them are answered when the test says so, others at once with
// "OK <name> <key>", or what was set.
class FakeAnswers final : public Answers {
 public:
  [[nodiscard]] bool looks_ahead() const override { return true; }
  void expect(std::span<const std::string_view> keys) override {
    expected.insert(expected.end(), keys.begin(), keys.end());
  }
  [[nodiscard]] bool answer_now(const MapQuestion& question, std::string& out) override {
    if (question.key.find("wait") != question.key.npos) return false;
    ++answered;
    if (question.key == "light.example") light_after = answered;
    const auto known = table.find(std::string(question.key));
    out +=
        known != table.end() ? known->second : "OK " + std::string(question.map_name) + " " + std::string(question.key);
    return true;
  }
  [[nodiscard]] Ticket answer(const MapQuestion& question, Done done) override {
    const auto at = waiting_.insert(waiting_.end(), {std::string(question.key), std::move(done)});
    auto alive = std::make_shared<bool>(true);
    at->alive = alive;
    return Ticket([this, at, alive] {
      if (!*alive) return;
      waiting_.erase(at);
      ++cancelled;
    });
  }

  [[nodiscard]] std::string answer_by_now(const MapQuestion& question) override {
    return "OK so far of " + std::string(question.map_name) + " " + std::string(question.key);
  }

  // Answers the first that waits for `key` with "OK <key>", or with `payload`.
  void complete(const std::string& key, std::string payload = "") {
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (at->key != key) continue;
      const Done done = std::move(at->done);
      *at->alive = false;
      waiting_.erase(at);
      return done(payload.empty() ? "OK " + key : payload);
    }
    FAIL("nobody waits for " << key);
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  std::map<std::string, std::string> table;
  std::vector<std::string> expected;  // in the order in which they were announced
  std::size_t answered = 0;           // at once
  std::size_t light_after = 0;        // as how many light.example came
  int cancelled = 0;

 private:
  struct Waiting {
    std::string key;
    Done done;
    std::shared_ptr<bool> alive;
  };
  std::list<Waiting> waiting_;
};

// Postfix's end.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {}

  // What the socket takes.
  std::size_t send(std::string_view octets) {
    const ssize_t sent = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  // Everything that has arrived.
  std::string received() {
    read_all();
    return std::exchange(inbox_, {});
  }
  // Whether the server has ended the connection.
  [[nodiscard]] bool is_closed() {
    read_all();
    return closed_;
  }
  void shut_down_sending() { shutdown(fd_.get(), SHUT_WR); }
  void hang_up() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  void read_all() {
    char octets[65'536];
    while (!closed_) {
      const ssize_t got = recv(fd_.get(), octets, sizeof octets, 0);
      if (got < 0 && errno == EAGAIN) return;
      closed_ = got <= 0;
      if (got > 0) inbox_.append(octets, static_cast<std::size_t>(got));
    }
  }

  UniqueFd fd_;
  std::string inbox_;
  bool closed_ = false;
};

class Rig {
 public:
  explicit Rig(SocketmapServerOptions options = {})
      : server(std::make_unique<SocketmapServer>(loop, time, time, answers, metrics, log, options)) {}

  Client connect() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    server->serve(UniqueFd(ends[0]));
    return Client(ends[1]);
  }
  // Lets the server see all that has happened to its sockets.
  void turn(int times = 4) {
    for (int i = 0; i < times; ++i) {
      loop.post([this] { loop.stop(); });
      loop.run();
    }
  }
  std::string exchange(Client& client, std::string_view octets) {
    client.send(octets);
    turn();
    return client.received();
  }
  void advance(seconds by) {
    time.advance(by);
    turn();
  }
  [[nodiscard]] std::uint64_t closed(std::string_view reason) const {
    return metrics.value("connections_closed", reason);
  }

  FakeTime time;
  CapturedLog log;
  Metrics metrics;
  Loop loop;
  FakeAnswers answers;
  std::unique_ptr<SocketmapServer> server;
};

inline std::string netstring(std::string_view payload) {
  std::string out;
  append_netstring(out, payload);
  return out;
}

inline std::string query(std::string_view key) { return netstring("QUERY " + std::string(key)); }
inline std::string ok(std::string_view key) { return netstring("OK QUERY " + std::string(key)); }

}  // namespace tlspolicyd
