// The fetch as a whole against servers that behave.
#include "https_fixture.h"

using namespace tlspolicyd;

TEST_CASE("F-01 F-12 F-20 F-22 the request is one GET with SNI, Host and little else") {
  HttpsFixture https;
  std::string request, sni;
  std::uint16_t port = 0;
  {
    const TlsPeer peer({.leaf = pki().leaf}, [&](PeerConnection& connection) {
      connection.handshake();
      sni = connection.sni();
      request = connection.request();
      connection.send(http_ok(kPolicy));
    });
    port = peer.port();
    CHECK(https.fetch(peer).fault == FetchFault::none);
    CHECK(peer.connections() == 1);
  }
  CHECK(sni == kHost);
  CHECK(request == "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + kHost + ":" + std::to_string(port) +
                       "\r\nUser-Agent: tlspolicyd/" TLSPOLICYD_VERSION
                       "\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\n"
                       "Connection: close\r\n\r\n");
}

TEST_CASE("a successful fetch tells all it saw") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  const FetchOutcome got = https.fetch(peer);
  CHECK(name_of(got.fault) == "none");
  CHECK(got.detail == "");
  CHECK(got.body == kPolicy);
  CHECK(got.status == 200);
  CHECK(got.content_type == "text/plain");
  CHECK(got.tls_version == "TLSv1.3");
  CHECK_FALSE(got.tls_cipher.empty());
  CHECK(got.cert_subject == "CN=" + kHost);
  CHECK(got.cert_issuer == "CN=Test Root");
  CHECK(got.cert_not_after.size() == 20);
  CHECK(got.cert_names == std::vector<std::string>{kHost});
  CHECK(got.address == "127.0.0.1");
  CHECK(got.attempts == std::vector<std::string>{"127.0.0.1: connected"});
  CHECK(got.elapsed < seconds(300));
}

TEST_CASE("F-23 TLS 1.2 alone and TLS 1.3 alone are spoken, 1.1 is not") {
  HttpsFixture https;
  const auto [min, max, fault, version] = GENERATE(table<int, int, FetchFault, const char*>({
      {TLS1_2_VERSION, TLS1_2_VERSION, FetchFault::none, "TLSv1.2"},
      {TLS1_3_VERSION, TLS1_3_VERSION, FetchFault::none, "TLSv1.3"},
      {TLS1_VERSION, TLS1_1_VERSION, FetchFault::tls_version, ""},
  }));
  const TlsPeer peer({.leaf = pki().leaf, .max_version = max, .min_version = min}, answering(http_ok(kPolicy)));
  const FetchOutcome got = https.fetch(peer);
  CAPTURE(got.detail);
  CHECK(name_of(got.fault) == name_of(fault));
  CHECK(got.tls_version == version);
}

TEST_CASE("the ticket: a destroyed one means no callback, and the connection goes") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf}, [&](PeerConnection& connection) {
    connection.handshake();
    connection.wait_for_client_to_leave();
    https.loop.post([&] { https.loop.stop(); });
  });
  Ticket ticket =
      https.client->fetch(HttpsFixture::request(peer.port()), [](const FetchOutcome&) { FAIL("called back"); });
  const auto when_accepted = [&] { return peer.connections() > 0; };
  std::function<void()> poll = [&] {
    if (when_accepted()) ticket.reset();
    else https.loop.post(poll);
  };
  https.loop.post(poll);
  https.loop.run();
}

TEST_CASE("a ticket may be destroyed inside its own callback, and outlive the client") {
  HttpsFixture https;
  const TlsPeer peer({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  Ticket inside = https.client->fetch(HttpsFixture::request(peer.port()), [&](const FetchOutcome&) {
    inside.reset();
    https.loop.stop();
  });
  https.loop.run();
  const Ticket outliving =
      https.client->fetch(HttpsFixture::request(peer.port()), [](const FetchOutcome&) { FAIL("called back"); });
  https.client.reset();
}
