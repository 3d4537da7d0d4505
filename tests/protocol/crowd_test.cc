// Many connections, over real listeners on loopback: displacing, running out of
// descriptors, and the end of the server.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <list>

#include "rig.h"

using namespace tlspolicyd;

namespace {

struct InetRig : Rig {
  explicit InetRig(std::size_t max_connections = 4096) : Rig({.max_connections = max_connections, .limits = {}}) {
    auto sockets = open_listener(*parse_listen_address("inet:127.0.0.1:0"), {});
    REQUIRE(sockets);
    socklen_t size = sizeof address;
    getsockname(sockets->front().fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    server->add_listener(std::move(sockets->front()));
  }

  // Connects from `source`, one of the addresses of loopback; fd -1 if refused.
  Client connect_from(const char* source) {
    Client client = connect_unseen(source);
    turn();
    return client;
  }
  // The same; the server has had no turn to accept it.
  Client connect_unseen(const char* source) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in own{};
    own.sin_family = AF_INET;
    inet_pton(AF_INET, source, &own.sin_addr);
    REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Client(-1);
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    return Client(fd.release());
  }
  // What has arrived once something has; loopback delivers within the sending call.
  bool answers_to(Client& client) { return exchange(client, query("d")) == ok("d"); }

  sockaddr_in address{};
};

constexpr const char* kOne = "127.0.0.1";
constexpr const char* kOther = "127.0.0.2";

}  // namespace

TEST_CASE("what many ask in one turn is announced, and each gets its own answer") {
  Rig rig;
  std::list<Client> clients;
  for (int i = 0; i < 70; ++i) clients.push_back(rig.connect());  // more than are worked off together
  std::vector<std::string> keys;
  for (Client& client : clients) {
    keys.push_back("d" + std::to_string(keys.size()) + ".example");
    client.send(query(keys.back()));
  }
  rig.turn();
  std::size_t at = 0;
  for (Client& client : clients) CHECK(client.received() == ok(keys[at++]));
  std::sort(keys.begin(), keys.end());
  std::sort(rig.answers.expected.begin(), rig.answers.expected.end());
  CHECK(rig.answers.expected == keys);
}

TEST_CASE("a crowd of many addresses shuts out nobody who asks, and asks once more where it was displaced") {
  InetRig rig(10);
  std::list<Client> crowd;
  Client postfix = rig.connect_from(kOne);
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(rig.connect_from(("127.1.0." + std::to_string(i + 1)).c_str()));
    rig.advance(seconds(2));
    if (!rig.answers_to(postfix)) {
      postfix = rig.connect_from(kOne);
      REQUIRE(rig.answers_to(postfix));
    }
  }
  CHECK(rig.closed("displaced") >= 90);
}

TEST_CASE("beyond max_connections the greediest address loses its longest idle connection") {
  InetRig rig(3);
  Client first = rig.connect_from(kOne);
  Client second = rig.connect_from(kOne);
  Client lonely = rig.connect_from(kOther);
  REQUIRE(rig.answers_to(lonely));
  rig.advance(seconds(1));
  REQUIRE(rig.answers_to(second));
  rig.advance(seconds(1));
  REQUIRE(rig.answers_to(first));
  rig.advance(seconds(1));

  Client third = rig.connect_from(kOne);
  CHECK(second.is_closed());
  CHECK(rig.closed("displaced") == 1);
  CHECK(rig.server->connections() == 3);
  CHECK(rig.answers_to(first));
  CHECK(rig.answers_to(lonely));
  CHECK(rig.answers_to(third));
  CHECK(rig.log.count(LogLevel::warning, "reason=displaced") == 1);
}

TEST_CASE("a connection that waits for an answer is displaced last") {
  InetRig rig(2);
  Client waiting = rig.connect_from(kOne);
  rig.exchange(waiting, query("wait"));
  rig.advance(seconds(1));
  Client idle = rig.connect_from(kOne);
  rig.advance(seconds(1));
  Client fresh = rig.connect_from(kOne);
  CHECK(idle.is_closed());
  CHECK_FALSE(waiting.is_closed());
  CHECK_FALSE(fresh.is_closed());
}

TEST_CASE("a new bound counts from the next connection on") {
  InetRig rig(10);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(rig.connect_from(kOne));
  rig.server->set_max_connections(3);
  CHECK(rig.server->connections() == 3);
  clients.push_back(rig.connect_from(kOther));
  CHECK(rig.server->connections() == 3);
}

namespace {

// Lets `rig` try to accept one more while no descriptor can be had. UBSan needs one when
// it meets a type for the first time: what is called then has been called before.
Client connect_in_vain(InetRig& rig) {
  Logger& log = rig.log;
  log.debug(LogLine("met"));
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&rig.address), sizeof rig.address) == 0);
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  rlimit none = limit;
  none.rlim_cur = 0;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  rig.turn(1);
  setrlimit(RLIMIT_NOFILE, &limit);
  return Client(fd.release());
}

}  // namespace

TEST_CASE("without descriptors who waits for a name is answered by what is known and makes room") {
  InetRig rig;
  Client first = rig.connect_from(kOne);
  rig.exchange(first, query("wait"));
  rig.advance(seconds(1));
  Client second = rig.connect_from(kOne);
  rig.exchange(second, query("wait"));
  Client late = connect_in_vain(rig);
  CHECK(rig.metrics.value("connections", "starved") == 1);
  CHECK(rig.metrics.value("first_contact", "overloaded") == 1);
  CHECK(rig.log.count(LogLevel::warning, "action=paused") == 1);
  CHECK(first.received() == netstring("OK so far of QUERY wait"));
  CHECK(first.is_closed());
  CHECK_FALSE(second.is_closed());
  CHECK(rig.answers_to(late));
  rig.answers.complete("wait");
  CHECK(rig.exchange(second, "") == netstring("OK wait"));
}

TEST_CASE("without descriptors accepting pauses, and goes on by itself after a second") {
  InetRig rig;
  Client late = connect_in_vain(rig);
  CHECK_FALSE(rig.answers_to(late));
  rig.advance(seconds(1));
  CHECK(late.received() == ok("d"));
}

TEST_CASE("without descriptors who has just come is not sent away unheard") {
  InetRig rig;
  Client young = rig.connect_from(kOne);
  Client late = connect_in_vain(rig);
  CHECK(rig.answers_to(young));
  rig.advance(seconds(1));
  CHECK(rig.answers_to(late));
}

TEST_CASE("rule 3 without descriptors who stays connected and asks nothing makes room") {
  InetRig rig;
  Client waiting = rig.connect_from(kOne), idle = rig.connect_from(kOne);
  rig.exchange(waiting, query("wait"));
  REQUIRE(rig.answers_to(idle));
  Client late = connect_in_vain(rig);
  rig.turn();
  CHECK(idle.is_closed());
  CHECK_FALSE(waiting.is_closed());
  CHECK(rig.answers_to(late));
}

TEST_CASE("drain: who waits is answered, who is idle is closed, then done is called once") {
  InetRig rig;
  Client idle = rig.connect_from(kOne), waiting = rig.connect_from(kOne), asking = rig.connect_from(kOne);
  REQUIRE(rig.answers_to(idle));
  rig.exchange(waiting, query("wait"));
  asking.send(query("just-arrived"));
  int done = 0;
  rig.server->drain(seconds(5), [&] { ++done; });
  CHECK(done == 0);
  rig.turn();
  CHECK(idle.is_closed());
  CHECK(asking.received() == ok("just-arrived"));
  CHECK(asking.is_closed());
  CHECK_FALSE(waiting.is_closed());
  CHECK(rig.connect_from(kOne).fd() == -1);
  CHECK(rig.server->listening().empty());
  CHECK(done == 0);
  rig.answers.complete("wait");
  rig.turn();
  CHECK(waiting.received() == netstring("OK wait"));
  CHECK(waiting.is_closed());
  CHECK(done == 1);
  rig.advance(seconds(60));
  CHECK(done == 1);
}

TEST_CASE("drain: what lies in the socket is answered, too, however much, also behind questions that wait") {
  Rig rig;
  constexpr int kQuestions = 2000;
  Client many = rig.connect();
  rig.exchange(many, query("wait"));
  std::string row, replies = netstring("OK wait");
  for (int i = 0; i < kQuestions; ++i) {
    row += query("d" + std::to_string(i));
    replies += ok("d" + std::to_string(i));
  }
  REQUIRE(many.send(row) == row.size());
  int done = 0;
  rig.server->drain(seconds(5), [&] { ++done; });
  rig.turn();
  CHECK(done == 0);
  rig.answers.complete("wait");
  std::string received;
  for (int turns = 0; turns < kQuestions && !many.is_closed(); ++turns) {
    rig.turn();
    received += many.received();
  }
  CHECK((received += many.received()) == replies);
  CHECK(many.is_closed());
  rig.turn();
  CHECK(done == 1);
}

TEST_CASE("drain: a connection that was not accepted yet is answered, too") {
  InetRig rig;
  Client early = rig.connect_unseen(kOne);
  early.send(query("d"));
  rig.server->drain(seconds(5), [] {});
  rig.turn();
  CHECK(early.received() == ok("d"));
  CHECK(early.is_closed());
}

TEST_CASE("drain ends at its limit, whoever still waits") {
  Rig rig;
  Client waiting = rig.connect();
  rig.exchange(waiting, query("wait"));
  int done = 0;
  rig.server->drain(seconds(5), [&] { ++done; });
  rig.advance(seconds(4));
  CHECK(done == 0);
  rig.advance(seconds(1));
  CHECK(done == 1);
  CHECK(waiting.is_closed());
  CHECK(rig.answers.waiting() == 0);
}

TEST_CASE("drain of a server that nobody uses is done at once, on a later turn") {
  Rig rig;
  bool done = false;
  rig.server->drain(seconds(5), [&] { done = true; });
  CHECK_FALSE(done);
  rig.turn();
  CHECK(done);
}

TEST_CASE("a unix listener serves, tells its address, and is gone after the end") {
  Rig rig;
  std::string folder = "/tmp/protocol-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/map";
  auto sockets = open_listener(*parse_listen_address("unix:" + path), {});
  REQUIRE(sockets);
  rig.server->add_listener(std::move(sockets->front()));
  CHECK(rig.server->listening() == std::vector<std::string>{"unix:" + path});
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Client client(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  REQUIRE(connect(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(rig.exchange(client, query("d")) == ok("d"));
  rig.server.reset();
  struct stat status {};
  CHECK(lstat(path.c_str(), &status) != 0);
  rmdir(folder.c_str());
}
