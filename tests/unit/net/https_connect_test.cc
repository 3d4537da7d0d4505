// Several addresses, dead ones among them. 127.0.0.2 and so on stand for the addresses
// of one host: all of them are loopback.
#include <fcntl.h>
#include <sys/socket.h>

#include "https_fixture.h"
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

std::string first_attempt(const FetchOutcome& got) {
  return got.attempts.empty() ? "" : got.attempts.front();
}

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
  const FetchOutcome got = fetch_within(
      https, HttpsFixture::request(peer.port(), {"127.0.0.2", "127.0.0.3"}), kPostfixWaits);
  CHECK(name_of(got.fault) == "none");
  CHECK(got.address == "127.0.0.3");
  CHECK(got.attempts == std::vector<std::string>{"127.0.0.2: no answer before another address",
                                                 "127.0.0.3: connected"});
  CHECK(got.elapsed >= milliseconds(200));  // the loop's idea of now may be a little old
}

TEST_CASE("F-27 the next address begins at once when one is refused") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf, .address = "127.0.0.9"}, answering(http_ok(kPolicy)));
  const std::vector<std::string> addresses{"127.0.0.2", "127.0.0.3", "127.0.0.4",
                                           "127.0.0.5", "127.0.0.6", "127.0.0.9"};
  const FetchOutcome got = fetch_within(https, HttpsFixture::request(peer.port(), addresses),
                                        milliseconds(5 * 250));
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
  const TlsPeer bad({.leaf = pki().leaf, .address = "127.0.0.2", .port = good.port()},
                    [broken](PeerConnection& peer) {
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
  const FetchOutcome got = fetch_within(
      https, HttpsFixture::request(good.port(), {"127.0.0.2", "127.0.0.3"}), kPostfixWaits);
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

TEST_CASE("F-27 at most eight addresses are tried") {
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

TEST_CASE("progress is told while a fetch is heard of") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  FetchRequest request = HttpsFixture::request(peer.port());
  request.progress = std::make_shared<FetchProgress>();
  const auto now = [] {
    return std::chrono::duration_cast<milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  const auto before = now();
  CHECK(name_of(https.fetch(request).fault) == "none");
  CHECK(request.progress->heard_ms >= before);
  CHECK(request.progress->heard_ms <= now());
}
