#include "listen/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>

#include "catch.h"
#include "fakes/fake_time.h"
#include "listen/inherited_listeners.h"
#include "net/peer.h"

using namespace tlspolicyd;

namespace {

// A directory of the test's own, gone afterwards.
struct Folder {
  Folder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Folder() {
    unlink(file("map").c_str());
    rmdir(path.c_str());
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }
  std::string path = "/tmp/listener-XXXXXX";
};

Result<std::vector<ListeningSocket>> open_text(const std::string& text, const SocketRights& rights = {}) {
  const auto address = parse_listen_address(text);
  REQUIRE(address);
  return open_listener(*address, rights);
}

ListeningSocket open_one(const std::string& text, const SocketRights& rights = {}) {
  auto sockets = open_text(text, rights);
  if (!sockets) FAIL(sockets.error().text);
  return std::move(sockets->front());
}

std::string error_of(const std::string& text, const SocketRights& rights = {}) {
  const auto sockets = open_text(text, rights);
  REQUIRE_FALSE(sockets);
  return sockets.error().text;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

UniqueFd connect_to(const ListeningSocket& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  REQUIRE(getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  UniqueFd fd(socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  return fd;
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

struct Accepted final : Listener::Owner {
  void on_accepted(UniqueFd fd) override { held.push_back(std::move(fd)); }
  void on_starved(const Listener&, int error) override { starved.push_back(error); }
  std::vector<UniqueFd> held;
  std::vector<int> starved;
};

void turn(Loop& loop) {
  loop.post([&] { loop.stop(); });
  loop.run();
  loop.post([&] { loop.stop(); });
  loop.run();
}

}  // namespace

TEST_CASE("an inet listener accepts in one turn all that wait, and names itself") {
  Loop loop;
  FakeTime time;
  Accepted accepted;
  auto socket = open_one("inet:127.0.0.1:0");
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(connect_to(socket));
  Listener listener(loop, time, std::move(socket), accepted);
  CHECK(holds(listener.name(), "inet:127.0.0.1:"));
  turn(loop);
  REQUIRE(accepted.held.size() == 100);
  CHECK(to_text(peer_of(accepted.held.front().get())) == "127.0.0.1");
  CHECK((fcntl(accepted.held.front().get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("rule 5 a burst of 300 on a unix socket that nobody accepts from is not refused") {
  const Folder folder;
  const auto socket = open_one("unix:" + folder.file("map"));
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(connect_to(socket));
  CHECK(clients.size() == 300);
}

TEST_CASE("an IPv6 listener leaves the IPv4 port alone") {
  auto first = open_text("inet:[::1]:0");
  if (!first) return;  // a host without IPv6
  const auto port = first->front().name.substr(first->front().name.rfind(':'));
  CHECK(first->front().name == "inet:[::1]" + port);
  CHECK(open_text("inet:127.0.0.1" + port));
}

TEST_CASE("a port in use is refused with the cure") {
  const auto first = open_one("inet:127.0.0.1:0");
  const std::string error = error_of(first.name);
  CHECK(holds(error, "listen " + first.name + ": "));
  CHECK(holds(error, "choose another port"));
}

TEST_CASE("an address of somebody else is refused with the cure") {
  CHECK(holds(error_of("inet:192.0.2.1:8461"), "does not have that address"));
}

TEST_CASE("an unknown host is refused with the cure") {
  CHECK(holds(error_of("inet:no-such-host.invalid:8461"), "write the address itself"));
}

TEST_CASE("a unix socket gets its mode whatever the umask, and goes in the end") {
  const Folder folder;
  const mode_t before = umask(077);
  {
    const auto socket = open_one("unix:" + folder.file("map"), {.mode = 0662, .group = ""});
    CHECK(socket.name == "unix:" + folder.file("map"));
    struct stat status {};
    REQUIRE(stat(folder.file("map").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0662);
    CHECK(holds(to_text(peer_of(connect_to(socket).get())), "uid "));
  }
  umask(before);
  CHECK_FALSE(exists(folder.file("map")));
}

TEST_CASE("a unix socket gets its group") {
  const Folder folder;
  CHECK(holds(error_of("unix:" + folder.file("map"), {.group = "no-such-group"}),
              "there is no group \"no-such-group\"; create it or change socket_group"));
  if (geteuid() != 0) return;
  const auto socket = open_one("unix:" + folder.file("map"), {.group = "daemon"});
  struct stat status {};
  REQUIRE(stat(folder.file("map").c_str(), &status) == 0);
  CHECK(status.st_gid == 1);
}

TEST_CASE("a unix path occupied by a live process is refused") {
  const Folder folder;
  const std::string text = "unix:" + folder.file("map");
  const auto first = open_one(text);
  CHECK(holds(error_of(text), "another process listens there"));
  connect_to(first);
}

TEST_CASE("the socket that a killed process left behind is replaced") {
  const Folder folder;
  const std::string text = "unix:" + folder.file("map");
  auto first = open_one(text);
  const auto left_behind = first.file.release();
  first.fd.reset();
  REQUIRE(exists(folder.file("map")));
  connect_to(open_one(text));
  std::unique_ptr<SocketFile>(left_behind).reset();
}

TEST_CASE("a process that ends leaves the socket of its successor alone") {
  const Folder folder;
  const std::string text = "unix:" + folder.file("map");
  std::optional<ListeningSocket> first = open_one(text);
  unlink(folder.file("map").c_str());
  const auto second = open_one(text);
  first.reset();
  CHECK(exists(folder.file("map")));
  connect_to(second);
}

TEST_CASE("what is no socket is never removed") {
  const Folder folder;
  std::ofstream(folder.file("map")) << "mail";
  CHECK(holds(error_of("unix:" + folder.file("map")), "is no socket"));
  CHECK(exists(folder.file("map")));
}

TEST_CASE("a unix path in no directory is refused with the cure") {
  CHECK(holds(error_of("unix:/nonexistent/map"), "its directory does not exist; create it"));
}

namespace {

std::string probed(const std::string& text) {
  const auto address = parse_listen_address(text);
  REQUIRE(address);
  const auto done = probe_listener(*address);
  return done ? "fine" : done.error().text;
}

}  // namespace

TEST_CASE("a probe finds what could not be opened, whoever has it now, and leaves nothing") {
  const Folder folder;
  const std::string path = "unix:" + folder.file("map");
  CHECK(probed(path) == "fine");
  CHECK_FALSE(exists(folder.file("map")));
  {
    const auto map = open_one(path), port = open_one("inet:127.0.0.1:0");
    CHECK(probed(path) == "fine");
    CHECK(probed(port.name) == "fine");
    connect_to(map);
  }
  std::ofstream(folder.file("map")) << "mail";
  CHECK(holds(probed(path), "a file is there that is no socket"));
  CHECK(holds(probed(path + "/map"), "is a file; choose another path"));
  CHECK(holds(probed("unix:/nonexistent/map"), "its directory does not exist"));
  CHECK(holds(probed("inet:192.0.2.1:8461"), "does not have that address"));
  CHECK(holds(probed("inet:no-such-host.invalid:8461"), "write the address itself"));
  const auto port = open_one("inet:127.0.0.1:0").name;
  CHECK(probed(port) == "fine");
  CHECK(open_text(port));
}

TEST_CASE("a socket's file is given away only where it is the one that was made") {
  if (geteuid() != 0) return;
  const Folder folder;
  constexpr uid_t kOwner = 4'000'000'001;
  const auto socket = open_one("unix:" + folder.file("map"), {.mode = 0600, .group = ""});
  const auto owner = [&] {
    struct stat found {};
    REQUIRE(lstat(folder.file("map").c_str(), &found) == 0);
    return found.st_uid;
  };
  REQUIRE(link(folder.file("map").c_str(), folder.file("other").c_str()) == 0);
  CHECK_FALSE(give_socket(folder.file("map"), kOwner, 1));
  REQUIRE(unlink(folder.file("other").c_str()) == 0);
  REQUIRE(rename(folder.file("map").c_str(), folder.file("other").c_str()) == 0);
  std::ofstream(folder.file("map")) << "another's";
  CHECK_FALSE(give_socket(folder.file("map"), kOwner, 1));
  REQUIRE(unlink(folder.file("map").c_str()) == 0);
  REQUIRE(symlink("other", folder.file("map").c_str()) == 0);
  CHECK_FALSE(give_socket(folder.file("map"), kOwner, 1));
  CHECK(owner() == 0);
  REQUIRE(rename(folder.file("other").c_str(), folder.file("map").c_str()) == 0);
  CHECK(give_socket(folder.file("map"), kOwner, 1));
  CHECK(owner() == kOwner);
}

TEST_CASE("running out of descriptors pauses accepting; it goes on when one is free or in time") {
  Loop loop;
  FakeTime time;
  Accepted accepted;
  auto socket = open_one("inet:127.0.0.1:0");
  const ListeningSocket address{UniqueFd(dup(socket.fd.get())), "", nullptr};
  const UniqueFd met = connect_to(address);
  Listener listener(loop, time, std::move(socket), accepted);
  const std::unique_ptr<Timer> timer = time.make([] {});
  timer->start(seconds(0));  // UBSan needs a descriptor for a type that it has not met
  timer->cancel();
  turn(loop);
  REQUIRE(accepted.held.size() == 1);
  const UniqueFd first = connect_to(address), second = connect_to(address);
  rlimit limit{}, none{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  none = limit;
  none.rlim_cur = 0;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  turn(loop);
  turn(loop);
  const std::vector<int> starved = accepted.starved;
  listener.resume();
  turn(loop);
  setrlimit(RLIMIT_NOFILE, &limit);
  CHECK(starved == std::vector<int>{EMFILE});  // once, not every turn
  CHECK(accepted.starved.size() == 2);
  turn(loop);
  CHECK(accepted.held.size() == 1);
  time.advance(seconds(1));
  turn(loop);
  CHECK(accepted.held.size() == 3);
}

TEST_CASE("systemd's sockets are taken over with their addresses") {
  const auto passed = [](const std::string& text) {
    auto socket = open_one(text);
    fcntl(socket.fd.get(), F_SETFL, 0);
    return std::move(socket.fd);
  };
  const Folder folder;
  const std::string path = "unix:" + folder.file("map");
  auto original = open_one(path);
  auto local = adopt_listener(std::move(original.fd));
  REQUIRE(local);
  CHECK(local->name == path);
  CHECK(local->file == nullptr);  // it is systemd's to remove
  auto inet = adopt_listener(passed("inet:127.0.0.1:0"));
  REQUIRE(inet);
  CHECK(holds(inet->name, "inet:127.0.0.1:"));
  CHECK((fcntl(inet->fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(inet->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a passed descriptor that does not listen is refused with the cure") {
  const auto refused = adopt_listener(UniqueFd(socket(AF_UNIX, SOCK_DGRAM, 0)));
  REQUIRE_FALSE(refused);
  CHECK(holds(refused.error().text, "use ListenStream= in the socket unit"));
  CHECK_FALSE(adopt_listener(UniqueFd(socket(AF_INET, SOCK_STREAM, 0))));
}

TEST_CASE("systemd's variables count only for the process they name, and are not passed on") {
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "1", 1);
  const auto sockets = inherited_listeners();
  REQUIRE(sockets);
  CHECK(sockets->empty());
  CHECK(std::getenv("LISTEN_PID") == nullptr);
  CHECK(std::getenv("LISTEN_FDS") == nullptr);
}
