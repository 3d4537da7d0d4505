// The control server on a real unix socket. A client thread talks, the loop runs here.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <future>
#include <thread>

#include "catch.h"
#include "fakes/fake_time.h"
#include "control/control_server.h"

using namespace tlspolicyd;

namespace {

class FakeHandler final : public ControlHandler {
 public:
  explicit FakeHandler(Loop& loop) : loop_(loop) {}

  std::string status() override { return R"({"version":"1"})"; }
  std::vector<std::string> list(std::size_t& cursor, std::size_t most) override {
    std::vector<std::string> out;
    for (; out.size() < most && cursor < entries; ++cursor) out.push_back(line_of(cursor));
    largest_page = std::max(largest_page, most);
    given = cursor;
    return out;
  }
  Ticket show(const Domain& domain, Shown done) override {
    return later(
        [this, domain, done] { done(domain.text() == "known.example" ? std::optional(line_of(0)) : std::nullopt); });
  }
  Ticket purge(const Domain& domain, Forgotten done) override {
    return later([domain, done] {
      if (domain.text() == "stuck.example") return done(fail("disk full"));
      done(std::size_t{domain.text() == "known.example"});
    });
  }
  Ticket purge_all(Forgotten done) override {
    return later([this, done] { done(entries); });
  }

  std::string line_of(std::size_t number) const {
    return "{\"n\":" + std::to_string(number) + ",\"pad\":\"" + std::string(pad, 'x') + "\"}";
  }

  std::size_t entries = 3, pad = 0, given = 0, largest_page = 0;
  bool silent = false;  // never answers

 private:
  Ticket later(std::function<void()> task) {
    const auto alive = std::make_shared<bool>(true);
    if (!silent)
      loop_.post([alive, task = std::move(task)] {
        if (*alive) task();
      });
    return Ticket([alive] { *alive = false; });
  }
  Loop& loop_;
};

class Socket {
 public:
  Socket() : path_("/tmp/tlspolicyd-control-" + std::to_string(::getpid())) {}
  ListeningSocket listen() const {
    auto opened = open_listener({.path = path_, .host = "", .port = 0}, {.mode = 0600, .group = ""});
    REQUIRE(opened);
    return std::move(opened->front());
  }
  UniqueFd connect() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
    return fd;
  }

 private:
  std::string path_;
};

void put(const UniqueFd& fd, std::string_view text) {
  static_cast<void>(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL));
}

std::string all_of(const UniqueFd& fd) {
  std::string out;
  char octets[4096];
  for (ssize_t n; (n = ::recv(fd.get(), octets, sizeof octets, 0)) > 0;)
    out.append(octets, static_cast<std::size_t>(n));
  return out;
}

struct ControlRig {
  explicit ControlRig(uid_t allowed = ::getuid()) : server(loop, time, socket.listen(), handler, {allowed}) {}

  // Runs `client` on a thread of its own and the loop here until it ends.
  void run(const std::function<void()>& client) {
    std::thread thread([&] {
      client();
      loop.stop();
    });
    loop.run();
    thread.join();
  }
  std::string ask(std::string_view request) {
    std::string reply;
    run([&] {
      const UniqueFd fd = socket.connect();
      put(fd, request);
      reply = all_of(fd);
    });
    return reply;
  }
  // From the client's thread: runs on the loop and waits for it.
  template <typename Task>
  auto on_loop(Task task) {
    std::packaged_task<decltype(task())()> packed(std::move(task));
    loop.post([&] { packed(); });
    return packed.get_future().get();
  }
  // Lets the loop turn until `done` holds there.
  template <typename Condition>
  void wait_until(Condition done) {
    while (!on_loop(done)) std::this_thread::yield();
  }

  Loop loop;
  FakeTime time;
  Socket socket;
  FakeHandler handler{loop};
  ControlServer server;
};

}  // namespace

TEST_CASE("control: each request gets its lines and a last word") {
  const auto [name, request, reply] = GENERATE(table<const char*, const char*, const char*>({
      {"status", "status\n", "{\"version\":\"1\"}\ndone 1\n"},
      {"list", "cache\n", "{\"n\":0,\"pad\":\"\"}\n{\"n\":1,\"pad\":\"\"}\n{\"n\":2,\"pad\":\"\"}\ndone 3\n"},
      {"one entry", "cache known.example\n", "{\"n\":0,\"pad\":\"\"}\ndone 1\n"},
      {"one entry, another spelling", "cache Known.Example.\n", "{\"n\":0,\"pad\":\"\"}\ndone 1\n"},
      {"unknown domain", "cache other.example\n", "absent\n"},
      {"purge", "purge known.example\n", "done 1\n"},
      {"purge of nothing", "purge other.example\n", "absent\n"},
      {"purge that the store refuses", "purge stuck.example\n", "error disk full\n"},
      {"purge all", "purge-all\n", "done 3\n"},
      {"unknown verb", "reload\n", "error unknown request\n"},
      {"unknown verb with a domain", "show known.example\n", "error unknown request\n"},
      {"empty", "\n", "error unknown request\n"},
      {"verb in another case", "STATUS\n", "error unknown request\n"},
      {"what follows the line is ignored", "status\npurge-all\n", "{\"version\":\"1\"}\ndone 1\n"},
  }));
  CAPTURE(name);
  ControlRig rig;
  CHECK(rig.ask(request) == reply);
}

TEST_CASE("control: a malformed domain is an error in printable words") {
  ControlRig rig;
  const std::string reply = rig.ask("cache a\x1b[2J b..example\n");
  CHECK(reply.substr(0, 6) == "error ");
  CHECK(reply.find('\x1b') == reply.npos);
}

TEST_CASE("control: a request may come in pieces") {
  ControlRig rig;
  rig.run([&] {
    const UniqueFd fd = rig.socket.connect();
    put(fd, "sta");
    rig.wait_until([&] { return rig.server.connections() == 1; });
    put(fd, "tus\n");
    CHECK(all_of(fd) == "{\"version\":\"1\"}\ndone 1\n");
  });
}

TEST_CASE("control: a request without end is refused at a kilobyte") {
  ControlRig rig;
  CHECK(rig.ask(std::string(1024, 'a')) == "error request too long\n");
  CHECK(rig.ask(std::string(1024, 'a') + "\n") == "error request too long\n");
  CHECK(rig.ask(std::string(1023, 'a') + "\n") == "error unknown request\n");
}

TEST_CASE("control: a peer that is not allowed hears so and gets nothing") {
  ControlRig rig(::getuid() + 1);
  CHECK(rig.ask("status\n") == "refused\n");
  CHECK(rig.ask("purge-all\n") == "refused\n");
  CHECK(rig.server.connections() == 0);
}

TEST_CASE("control: a silent peer is dropped at its deadline") {
  ControlRig rig;
  rig.run([&] {
    const UniqueFd fd = rig.socket.connect();
    put(fd, "stat");
    rig.wait_until([&] { return rig.server.connections() == 1; });
    rig.on_loop([&] { rig.time.advance(ControlConnection::kRequestDeadline); });
    CHECK(all_of(fd).empty());
    rig.wait_until([&] { return rig.server.connections() == 0; });
  });
}

TEST_CASE("control: beyond 32 connections a peer hears busy; room comes back") {
  ControlRig rig;
  rig.run([&] {
    std::vector<UniqueFd> open;
    for (std::size_t i = 0; i < ControlServer::kMaxConnections; ++i) open.push_back(rig.socket.connect());
    rig.wait_until([&] { return rig.server.connections() == ControlServer::kMaxConnections; });
    CHECK(all_of(rig.socket.connect()) == "busy\n");
    open.clear();
    rig.wait_until([&] { return rig.server.connections() == 0; });
    const UniqueFd fd = rig.socket.connect();
    put(fd, "status\n");
    CHECK(all_of(fd) == "{\"version\":\"1\"}\ndone 1\n");
  });
}

TEST_CASE("control: a long list is whole and in order, by small pages") {
  ControlRig rig;
  rig.handler.entries = 20'000;
  rig.handler.pad = 100;
  std::string expected;
  for (std::size_t i = 0; i < rig.handler.entries; ++i) expected += rig.handler.line_of(i) + "\n";
  CHECK(rig.ask("cache\n") == expected + "done 20000\n");
  CHECK(rig.handler.largest_page <= 16);
}

TEST_CASE("control: a reader that stops costs a bounded buffer, and is dropped in the end") {
  ControlRig rig;
  rig.handler.entries = 1'000'000;
  rig.handler.pad = 1'000;
  rig.run([&] {
    const UniqueFd fd = rig.socket.connect();
    put(fd, "cache\n");
    std::size_t before = 0;
    rig.wait_until(
        [&] { return rig.handler.given > 0 && std::exchange(before, rig.handler.given) == rig.handler.given; });
    CHECK(rig.on_loop([&] { return rig.handler.given; }) < 2'000);  // 2 MB: what the kernel takes, and ours
    rig.on_loop([&] { rig.time.advance(ControlConnection::kReplyDeadline); });
    rig.wait_until([&] { return rig.server.connections() == 0; });
    CHECK(all_of(fd).find("done") == std::string::npos);
  });
}

TEST_CASE("control: a peer that leaves in the middle of a list is forgotten") {
  ControlRig rig;
  rig.handler.entries = 1'000'000;
  rig.handler.pad = 1'000;
  rig.run([&] {
    {
      const UniqueFd fd = rig.socket.connect();
      put(fd, "cache\n");
      rig.wait_until([&] { return rig.handler.given > 0; });
    }
    rig.wait_until([&] { return rig.server.connections() == 0; });
  });
  CHECK(rig.handler.given < 100'000);
}

TEST_CASE("control: a reply that never comes ends at the deadline") {
  ControlRig rig;
  rig.handler.silent = true;
  rig.run([&] {
    const UniqueFd fd = rig.socket.connect();
    put(fd, "purge-all\n");
    rig.wait_until([&] { return rig.server.connections() == 1 && rig.time.pending_timers() == 1; });
    rig.on_loop([&] { rig.time.advance(ControlConnection::kReplyDeadline); });
    CHECK(all_of(fd).empty());
  });
}
