// The sockets to a resolver: how questions share them, what they cost, and what is in a stream.
#include "dns/link/dns_sockets.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "dns_rig.h"
#include "dns/link/dns_hub.h"
#include "dns/wire/dns_stream.h"

namespace {

using Choice = DnsSockets::Choice;

struct Sink final : DnsTry::Owner {
  bool on_turn(DnsTry&) override { return false; }
  void on_outcome(DnsTry&, const DnsOutcome&) override {}
};

// The other end of a connection.
struct Connected final : DnsConnection::Events {
  void on_answer(DnsTry&, const DnsOutcome&) override { ++answers; }
  void on_room() noexcept override {}
  void on_closed(DnsConnection&) override { closed = true; }

  Connected() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    server = UniqueFd(ends[1]);
    DnsConnection::Events& self = *this;
    connection.emplace(rig.loop, UniqueFd(ends[0]), rig.time, random, self);
  }
  std::unique_ptr<DnsTry> ask() {
    DnsTry::Owner& of = owner;
    auto each =
        std::make_unique<DnsTry>(rig.hub.link(rig.server.resolver()), of, 0, *encode_query(kTxt, 0, true), true);
    connection->send(*each);
    return each;
  }
  // Answers all that has come.
  void answer() {
    std::array<std::uint8_t, 65536> buffer;
    const ssize_t size = ::recv(server.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return;
    in.add(Octets(buffer.data(), static_cast<std::size_t>(size)));
    std::vector<std::uint8_t> out;
    while (const auto message = in.next()) {
      std::vector<std::uint8_t> reply(message->begin(), message->end());
      reply[2] |= 0x80;
      append_framed(out, reply);
    }
    REQUIRE(::send(server.get(), out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size()));
  }

  Rig rig;
  Sink owner;
  RandomNumbers random;
  UniqueFd server;
  DnsStream in;
  std::size_t answers = 0;
  bool closed = false;
  std::optional<DnsConnection> connection;
};

}  // namespace

TEST_CASE("a connection serves more questions than there are ids") {
  Connected scene;
  constexpr std::size_t kBatch = 1000, kAll = 70'000;
  for (std::size_t asked = 0; asked < kAll; asked += kBatch) {
    std::vector<std::unique_ptr<DnsTry>> tries;
    for (std::size_t i = 0; i < kBatch; ++i) tries.push_back(scene.ask());
    scene.rig.run_until([&] { return scene.answer(), scene.answers == asked + kBatch; });
  }
  CHECK_FALSE(scene.closed);
  CHECK(scene.connection->unanswered() == 0);
}

TEST_CASE("a question that nobody waits for any more has its place on the connection until it is answered") {
  Connected scene;
  scene.ask().reset();
  const auto kept = scene.ask();
  CHECK(scene.connection->unanswered() == 2);
  scene.rig.run_until([&] { return scene.answer(), scene.answers == 1; });
  CHECK(scene.connection->unanswered() == 0);
  CHECK_FALSE(scene.closed);
}

TEST_CASE("a question has a socket of its own as long as fewer than 32 take questions, then one by lot") {
  const auto [name, young, roomy, open, choice] =
      GENERATE(table<const char*, std::size_t, std::size_t, std::size_t, Choice>({
          {"the first", 0, 0, 0, Choice::open},
          {"the 32nd", 31, 31, 31, Choice::open},
          {"the 33rd", 32, 32, 32, Choice::share},
          {"many that are ending", 5, 5, 100, Choice::open},
          {"all full", 32, 0, 32, Choice::open},
          {"the last one", 32, 0, 255, Choice::open},
          {"no more may be opened", 5, 5, 256, Choice::share},
          {"nor is there room", 32, 0, 256, Choice::wait},
      }));
  CAPTURE(name);
  CHECK(DnsSockets::choose(young, roomy, open, DnsSockets::kMost) == choice);
}

TEST_CASE("the answers of all questions that share a socket fit into its receive buffer") {
  Rig rig;
  const UniqueFd server(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(server.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  DnsHub hub(rig.loop, rig.time, rig.time, rig.metrics, 1);
  const Resolver resolver = *parse_resolver("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  Sink owner;
  RandomNumbers random;
  struct Events final : DnsSocket::Events {
    void on_reply(DnsTry&, const DnsOutcome&) override { ++replies; }
    void on_stray() override {}
    void on_idle(DnsSocket&) noexcept override {}
    void on_retired(DnsSocket&, int) override {}
    std::size_t replies = 0;
  } events;
  UniqueFd client(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  DnsTry::Owner& of = owner;
  std::vector<std::unique_ptr<DnsTry>> tries;  // outlived by the socket they are on
  DnsSocket socket(rig.loop, std::move(client), rig.time.steady(), random, events);
  for (std::size_t i = 0; i < DnsSocket::kShared; ++i) {
    tries.push_back(std::make_unique<DnsTry>(hub.link(resolver), of, 0, *encode_query(kTxt, 0, true), false));
    REQUIRE(socket.send(*tries.back()) == 0);
  }
  for (std::size_t i = 0; i < DnsSocket::kShared; ++i) {  // nobody reads meanwhile
    std::array<std::uint8_t, 1232> reply{};
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    REQUIRE(::recvfrom(server.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), &length) > 12);
    reply[2] |= 0x80;
    REQUIRE(::sendto(server.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), length) == 1232);
  }
  rig.settle();
  CHECK(events.replies == DnsSocket::kShared);
  tries.clear();
}

TEST_CASE("what DNS may cost is kept free of connections, and is a quarter of a small limit at most") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const auto under = [&](rlim_t limit, std::size_t resolvers) {
    const rlimit now{limit, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    return dns_descriptors(resolvers);
  };
  CHECK(under(4096, 1) == 256 + 4);
  CHECK(under(4096, 3) == 3 * (256 + 4));
  CHECK(under(400, 1) == 100);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("messages come out of a stream as they went in, however it was cut") {
  const std::vector<std::uint8_t> first{1, 2, 3}, second(300, 7), third{9};
  std::vector<std::uint8_t> octets;
  for (const auto& message : {first, second, third}) append_framed(octets, message);
  const std::size_t cut = GENERATE(1u, 2u, 3u, 100u, 1000u);
  DnsStream stream;
  std::vector<std::vector<std::uint8_t>> seen;
  for (std::size_t at = 0; at < octets.size(); at += cut) {
    stream.add(Octets(octets).subspan(at, std::min(cut, octets.size() - at)));
    while (const auto message = stream.next()) seen.emplace_back(message->begin(), message->end());
  }
  CHECK(seen == std::vector{first, second, third});
}

TEST_CASE("a message of no octets is one, and a length alone is none yet") {
  DnsStream stream;
  const std::vector<std::uint8_t> octets{0, 0, 0, 5, 1};
  stream.add(octets);
  REQUIRE(stream.next());
  CHECK_FALSE(stream.next());
}
