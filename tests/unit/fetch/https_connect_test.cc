// Several addresses, dead ones among them. 127.0.0.2 and so on stand for the addresses
// of one host: all of them are loopback.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "fetch/connect_errors.h"
#include "https_fixture.h"
#include "net/connect.h"
#include "net/socket_address.h"

using namespace tlspolicyd;

namespace {

UniqueFd bound(const std::string& address, std::uint16_t port) {
  const SocketAddress where = to_socket_address(*parse_ip(address), port);
  UniqueFd fd(socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  REQUIRE(bind(fd.get(), where.get(), where.size) == 0);
  return fd;
}

// Accepts no connection and refuses none: a listener whose queue is full.
class BlackHole {
 public:
  BlackHole(const std::string& address, std::uint16_t port) : listener_(bound(address, port)) {
    REQUIRE(listen(listener_.get(), 0) == 0);
    const SocketAddress where = to_socket_address(*parse_ip(address), port);
    for (UniqueFd& filler : fillers_) {
      filler = UniqueFd(socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(connect(filler.get(), where.get(), where.size));
    }
  }

 private:
  UniqueFd listener_;
  UniqueFd fillers_[3];
};

// A starved machine may take longer than the fetch itself does: up to three tries.
FetchOutcome fetch_within(HttpsFixture& https, const FetchRequest& request, milliseconds limit) {
  FetchOutcome got = https.fetch(request);
  for (int again = 0; again < 2 && got.elapsed >= limit; ++again) got = https.fetch(request);
  CHECK(got.elapsed < limit);
  return got;
}

constexpr seconds kPostfixWaits{5};

// Has no route, whatever network the tests run in: connect() refuses a multicast address.
const std::string kNoRoute = "224.0.0.1";

std::vector<IpAddress> parsed(const std::vector<std::string>& texts) {
  std::vector<IpAddress> out;
  for (const std::string& text : texts) out.push_back(*parse_ip(text));
  return out;
}

// Some addresses at once, others when `in` is over.
FetchOutcome fetch_with_late(HttpsFixture& https, FetchRequest request, milliseconds in,
                             const std::vector<std::string>& late) {
  request.late = std::make_shared<LateAddresses>();
  const auto timer = https.loop.make([feed = request.late, late] { feed->arrive(parsed(late)); });
  timer->start(in);
  return https.fetch(std::move(request));
}

std::size_t open_descriptors() {
  const auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// As long as it lives this process gets no descriptor.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{0, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

std::string first_attempt(const FetchOutcome& got) { return got.attempts.empty() ? "" : got.attempts.front(); }

}  // namespace

TEST_CASE("F-02 a refused connection is a failed fetch, and nothing else is tried") {
  HttpsFixture https;
  const UniqueFd closed = bound("127.0.0.1", 0);
  SocketAddress where = to_socket_address(*parse_ip("127.0.0.1"), 0);
  getsockname(closed.get(), reinterpret_cast<sockaddr*>(&where.storage), &where.size);
  const auto port = ntohs(reinterpret_cast<sockaddr_in*>(&where.storage)->sin_port);
  const FetchOutcome got = https.fetch(HttpsFixture::request(port));
  CHECK(name_of(got.fault) == "refused");
  CHECK(got.detail == "127.0.0.1: connection refused");
  CHECK(got.attempts == std::vector<std::string>{"127.0.0.1: connection refused"});
  CHECK(got.address == "127.0.0.1");
}

TEST_CASE("F-27 the next address begins 250 ms after one that does not answer") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const BlackHole dead("127.0.0.2", peer.port());
  const FetchOutcome got =
      fetch_within(https, HttpsFixture::request(peer.port(), {"127.0.0.2", "127.0.0.3"}), kPostfixWaits);
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.3");
  CHECK(got.attempts ==
        std::vector<std::string>{"127.0.0.2: no answer before another address", "127.0.0.3: connected"});
  CHECK(got.elapsed >= milliseconds(200));  // the loop's idea of now may be a little old
}

TEST_CASE("F-27 the next address begins at once when one is refused") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf, .address = "127.0.0.9"}, answering(http_ok(kPolicy)));
  const std::vector<std::string> addresses{"127.0.0.2", "127.0.0.3", "127.0.0.4",
                                           "127.0.0.5", "127.0.0.6", "127.0.0.9"};
  const FetchOutcome got = fetch_within(https, HttpsFixture::request(peer.port(), addresses), milliseconds(5 * 250));
  CHECK(name_of(got.fault) == "none");
  CHECK(first_attempt(got) == "127.0.0.2: connection refused");
  CHECK(got.attempts.size() == 6);
}

TEST_CASE("F-27 IPv6 dead and IPv4 alive; IPv6 alone") {
  HttpsFixture https;
  const UniqueFd probe(socket(AF_INET6, SOCK_STREAM, 0));
  const SocketAddress any = to_socket_address(*parse_ip("::1"), 0);
  if (!probe || bind(probe.get(), any.get(), any.size) != 0) {
    WARN("no IPv6 on this machine");
    return;
  }
  {
    const TlsPeer v4({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
    const BlackHole v6("::1", v4.port());
    const FetchOutcome got = https.fetch(HttpsFixture::request(v4.port(), {"::1", "127.0.0.1"}));
    CHECK(name_of(got.fault) == "none");
    CHECK(got.address == "127.0.0.1");
  }
  const TlsPeer v6({.leaf = pki().leaf, .address = "::1"}, answering(http_ok(kPolicy)));
  const FetchOutcome got = https.fetch(HttpsFixture::request(v6.port(), {"::1"}));
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "::1");
}

TEST_CASE("F-27 an address that breaks off before its certificate is passed over") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const auto broken = GENERATE(0, 1, 2);
  CAPTURE(broken);
  const TlsPeer bad({.leaf = pki().leaf, .address = "127.0.0.2", .port = good.port()}, [broken](PeerConnection& peer) {
    if (broken == 0) peer.reset();
    if (broken == 1) peer.send_raw("not TLS at all");
    if (broken == 1) peer.wait_for_client_to_leave();
    peer.fin();
  });
  const FetchOutcome got = https.fetch(HttpsFixture::request(good.port(), {"127.0.0.2", "127.0.0.3"}));
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.3");
  CHECK(first_attempt(got).substr(0, 11) == "127.0.0.2: ");
  CHECK(bad.connections() == 1);
}

TEST_CASE("F-27 an address that is mute in TLS gives way to the next") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const TlsPeer mute({.leaf = pki().leaf, .address = "127.0.0.2", .port = good.port()},
                     [](PeerConnection& peer) { peer.wait_for_client_to_leave(); });
  const FetchOutcome got =
      fetch_within(https, HttpsFixture::request(good.port(), {"127.0.0.2", "127.0.0.3"}), kPostfixWaits);
  CHECK(name_of(got.fault) == "none");
  CHECK(first_attempt(got) == "127.0.0.2: no answer to the TLS handshake");
}

TEST_CASE("what one address says in its certificate is final") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const TlsPeer bad({.leaf = make_identity({}), .address = "127.0.0.2", .port = good.port()},
                    answering(http_ok(kPolicy)));
  const FetchOutcome got = https.fetch(HttpsFixture::request(good.port(), {"127.0.0.2", "127.0.0.3"}));
  CHECK(name_of(got.fault) == "cert_self_signed");
  CHECK(good.connections() == 0);
}

TEST_CASE("F-15 F-27 addresses that all are dead end at the deadline, each of them told") {
  HttpsFixture https;
  const TlsPeer elsewhere({.leaf = pki().leaf}, answering(""));
  const BlackHole one("127.0.0.2", elsewhere.port()), two("127.0.0.3", elsewhere.port());
  FetchRequest request = HttpsFixture::request(elsewhere.port(), {"127.0.0.2", "127.0.0.3"});
  request.timeout = milliseconds(1'000);
  const FetchOutcome got = https.fetch(request);
  CHECK(name_of(got.fault) == "connect_timeout");
  CHECK(got.attempts == std::vector<std::string>{"127.0.0.2: no answer", "127.0.0.3: no answer"});
  CHECK(got.elapsed >= milliseconds(950));
}

TEST_CASE("F-27 addresses of the slower family join the connection under way") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const std::string first = GENERATE(as<std::string>(), kNoRoute, "127.0.0.2");  // without a route, refused
  const FetchOutcome got =
      fetch_with_late(https, HttpsFixture::request(good.port(), {first}), milliseconds(200), {"127.0.0.3"});
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.3");
  CHECK(got.attempts.size() == 2);
  CHECK(got.elapsed >= milliseconds(150));
}

TEST_CASE("F-27 a late address is tried beside one that does not answer") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const BlackHole dead("127.0.0.2", good.port());
  CHECK(name_of(
            fetch_with_late(https, HttpsFixture::request(good.port(), {"127.0.0.2"}), milliseconds(400), {"127.0.0.3"})
                .fault) == "none");
}

TEST_CASE("F-27 a late address is tried after one that breaks TLS off, and one that is mute in TLS") {
  HttpsFixture https;
  const bool mute = GENERATE(false, true);
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  const TlsPeer bad({.leaf = pki().leaf, .address = "127.0.0.2", .port = good.port()}, [mute](PeerConnection& peer) {
    if (mute) peer.wait_for_client_to_leave();
    else peer.reset();
  });
  const FetchOutcome got =
      fetch_with_late(https, HttpsFixture::request(good.port(), {"127.0.0.2"}), milliseconds(200), {"127.0.0.3"});
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.3");
}

TEST_CASE("F-27 a slow handshake is not given up for a family that has no address") {
  HttpsFixture https;
  const TlsPeer slow({.leaf = pki().leaf}, [](PeerConnection& peer) {
    std::this_thread::sleep_for(milliseconds(2'300));
    answering(http_ok(kPolicy))(peer);
  });
  CHECK(name_of(fetch_with_late(https, HttpsFixture::request(slow.port()), milliseconds(2'600), {}).fault) == "none");
  CHECK(slow.connections() == 1);
}

TEST_CASE("F-27 the verdict comes when the slower family has answered, not before") {
  HttpsFixture https;
  const TlsPeer elsewhere({.leaf = pki().leaf}, answering(""));
  const FetchOutcome got =
      fetch_with_late(https, HttpsFixture::request(elsewhere.port(), {"127.0.0.2"}), milliseconds(300), {});
  CHECK(name_of(got.fault) == "refused");
  CHECK(got.elapsed >= milliseconds(250));
  const FetchOutcome both =
      fetch_with_late(https, HttpsFixture::request(elsewhere.port(), {"127.0.0.2"}), milliseconds(10), {"127.0.0.3"});
  CHECK(both.attempts == std::vector<std::string>{"127.0.0.2: connection refused", "127.0.0.3: connection refused"});
}

TEST_CASE("F-27 addresses without a route cost none of the eight") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.3"}, answering(http_ok(kPolicy)));
  std::vector<std::string> addresses;
  for (int i = 1; i <= 12; ++i) addresses.push_back("224.0.0." + std::to_string(i));
  addresses.emplace_back("127.0.0.3");
  const FetchOutcome got = https.fetch(HttpsFixture::request(good.port(), addresses));
  CHECK(name_of(got.fault) == "none");
  CHECK(got.attempts.size() == 13);
}

TEST_CASE("F-27 at most four attempts are under way at once, and the fifth address has its turn") {
  HttpsFixture https;
  const TlsPeer good({.leaf = pki().leaf, .address = "127.0.0.9"}, answering(http_ok(kPolicy)));
  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<BlackHole>> dead;
  for (int i = 2; i <= 7; ++i) {
    addresses.push_back("127.0.0." + std::to_string(i));
    dead.push_back(std::make_unique<BlackHole>(addresses.back(), good.port()));
  }
  addresses.emplace_back("127.0.0.9");
  std::size_t most = 0;
  const std::size_t before = open_descriptors();
  std::unique_ptr<Timer> look = https.loop.make([&] {
    most = std::max(most, open_descriptors() - before);
    look->start(milliseconds(50));
  });
  look->start(milliseconds(50));
  const FetchOutcome got = https.fetch(HttpsFixture::request(good.port(), addresses));
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.9");
  CHECK(most <= 4 + 1);  // the peer's end of the one that came about
}

TEST_CASE("F-27 an address that made room for another is tried again") {
  HttpsFixture https;
  std::unique_ptr<TlsPeer> elsewhere =
      std::make_unique<TlsPeer>(TlsPeer::Options{.leaf = pki().leaf, .address = "127.0.0.9"}, answering(""));
  const std::uint16_t port = elsewhere->port();
  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<BlackHole>> dead;
  for (int i = 2; i <= 6; ++i) {
    addresses.push_back("127.0.0." + std::to_string(i));
    dead.push_back(std::make_unique<BlackHole>(addresses.back(), port));
  }
  std::unique_ptr<TlsPeer> healed;
  const auto heal = https.loop.make([&] {
    dead.front().reset();
    healed = std::make_unique<TlsPeer>(TlsPeer::Options{.leaf = pki().leaf, .address = "127.0.0.2", .port = port},
                                       answering(http_ok(kPolicy)));
  });
  heal->start(milliseconds(1'300));
  const FetchOutcome got = https.fetch(HttpsFixture::request(port, addresses));
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.2");
}

TEST_CASE("want of descriptors is waited out") {
  HttpsFixture https;
  const std::uint16_t port = TlsPeer({.leaf = pki().leaf}, answering("")).port();
  std::unique_ptr<TlsPeer> peer;  // needs descriptors, too
  auto none = std::make_unique<NoDescriptors>();
  const auto over = https.loop.make([&] {
    none.reset();
    peer = std::make_unique<TlsPeer>(TlsPeer::Options{.leaf = pki().leaf, .port = port}, answering(http_ok(kPolicy)));
  });
  over->start(milliseconds(600));
  const FetchOutcome got = https.fetch(HttpsFixture::request(port));
  CHECK(name_of(got.fault) == "none");
  CHECK(got.attempts == std::vector<std::string>{"127.0.0.1: connected"});
}

TEST_CASE("want of descriptors up to the deadline is told as this host's") {
  HttpsFixture https;
  const TlsPeer elsewhere({.leaf = pki().leaf}, answering(""));
  FetchRequest request = HttpsFixture::request(elsewhere.port(), {"127.0.0.1"});
  request.timeout = milliseconds(400);
  FetchOutcome got;
  {
    const NoDescriptors none;
    got = https.fetch(request);
  }
  CHECK(name_of(got.fault) == "shortage");
  CHECK(got.detail == "127.0.0.1: this host has no descriptor left");
}

TEST_CASE("what a failed connection says of the host, the way and this host") {
  const auto [error, fault, here] = GENERATE(table<int, FetchFault, bool>({
      {ECONNREFUSED, FetchFault::refused, false},
      {ETIMEDOUT, FetchFault::connect_timeout, false},
      {ECONNRESET, FetchFault::reset, false},
      {ENETUNREACH, FetchFault::unreachable, true},
      {EHOSTUNREACH, FetchFault::unreachable, true},
      {EAFNOSUPPORT, FetchFault::unreachable, true},
      {EPERM, FetchFault::blocked, true},
      {EACCES, FetchFault::blocked, true},
      {EMFILE, FetchFault::shortage, false},
      {ENFILE, FetchFault::shortage, false},
      {ENOBUFS, FetchFault::shortage, false},
      {EADDRNOTAVAIL, FetchFault::shortage, false},
  }));
  CAPTURE(error);
  CHECK(name_of(fault_of_connect(error)) == name_of(fault));
  CHECK(stays_here(error) == here);
  CHECK(is_shortage(error) == (fault == FetchFault::shortage));
}

TEST_CASE("F-27 at most eight addresses of a family are tried") {
  HttpsFixture https;
  const TlsPeer ninth({.leaf = pki().leaf, .address = "127.0.0.10"}, answering(http_ok(kPolicy)));
  std::vector<std::string> addresses;
  for (int i = 2; i <= 10; ++i) addresses.push_back("127.0.0." + std::to_string(i));
  const FetchOutcome got = https.fetch(HttpsFixture::request(ninth.port(), addresses));
  CHECK(name_of(got.fault) == "refused");
  CHECK(got.attempts.size() == 8);
}

TEST_CASE("an address that cannot be reached, and none at all") {
  HttpsFixture https;
  CHECK(name_of(https.fetch(HttpsFixture::request(443, {"255.255.255.255"})).fault) == "unreachable");
  const FetchOutcome none = https.fetch(HttpsFixture::request(443, {}));
  CHECK(name_of(none.fault) == "unreachable");
  CHECK(none.detail == "there is no address to connect to");
}

TEST_CASE("F-15 an octet now and then is told from progress") {
  HttpsFixture https;
  const auto progress = std::make_shared<FetchProgress>();
  std::atomic<bool> trickled{false};
  const TlsPeer drip({.leaf = pki().leaf}, [&](PeerConnection& peer) {
    if (!peer.handshake()) return;
    peer.request();
    peer.send("HTTP/1.1 200 ");
    for (int i = 0; i < 1000 && !progress->trickles; ++i) {
      std::this_thread::sleep_for(milliseconds(10));
      peer.send("O");
    }
    trickled = progress->trickles.load();
    peer.send("\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n");
    for (int i = 0; i < 1000 && progress->trickles; ++i) std::this_thread::sleep_for(milliseconds(10));
    peer.send("x");
  });
  FetchRequest request = HttpsFixture::request(drip.port());
  request.progress = progress;
  CHECK(name_of(https.fetch(request).fault) == "none");
  CHECK(trickled);
}

TEST_CASE("a host that has shown its certificate is told from others, whatever it answers") {
  HttpsFixture https;
  const TlsPeer odd({.leaf = pki().leaf}, answering("nothing of HTTP"));
  const TlsPeer mute({.leaf = pki().leaf}, [](PeerConnection& peer) { peer.fin(); });
  const auto progress_with = [&](const TlsPeer& peer) {
    FetchRequest request = HttpsFixture::request(peer.port());
    request.progress = std::make_shared<FetchProgress>();
    CHECK(name_of(https.fetch(request).fault) != "none");
    CHECK(request.progress->made_ms > 0);
    return request.progress->secured.load();
  };
  CHECK(progress_with(odd));
  CHECK_FALSE(progress_with(mute));
}
