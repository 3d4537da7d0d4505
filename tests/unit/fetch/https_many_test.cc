// Many fetches at once, on two threads, some of them given up at any moment.
#include <map>

#include "https_fixture.h"

using namespace tlspolicyd;

namespace {

constexpr int kMany = 150;

struct Crowd {
  Crowd() : client(*HttpsClient::create(loop, {.ca_file = ca_file.path(), .threads = 2})) {}

  Loop loop;
  TempFile ca_file{pem_of(pki().root)};
  std::unique_ptr<HttpsClient> client;
  std::map<int, Ticket> tickets;
};

}  // namespace

TEST_CASE("many fetches at once all end, each with its own answer") {
  Crowd crowd;
  const TlsPeer peer({.leaf = pki().leaf}, [](PeerConnection& connection) {
    if (!connection.handshake()) return;
    const std::string request = connection.request();
    connection.send(http_ok(request.substr(0, request.find(" HTTP/"))));
    connection.close_notify();
  });
  int right = 0, ended = 0;
  for (int i = 0; i < kMany; ++i) {
    FetchRequest request = HttpsFixture::request(peer.port());
    request.path = "/" + std::to_string(i);
    crowd.tickets[i] = crowd.client->fetch(request, [&, i](const FetchOutcome& got) {
      right += got.body == "GET /" + std::to_string(i);
      crowd.tickets.erase(i);
      if (++ended == kMany) crowd.loop.stop();
    });
  }
  crowd.loop.run();
  CHECK(right == kMany);
}

TEST_CASE("threads may become more and fewer while fetches are under way") {
  Crowd crowd;
  const TlsPeer peer({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  int right = 0, ended = 0;
  const auto fetch_some = [&](unsigned threads) {
    REQUIRE(crowd.client->set_threads(threads));
    for (int i = 0; i < 10; ++i)
      crowd.tickets[static_cast<int>(crowd.tickets.size())] =
          crowd.client->fetch(HttpsFixture::request(peer.port()), [&](const FetchOutcome& got) {
            right += got.body == kPolicy;
            if (++ended == 30) crowd.loop.stop();
          });
  };
  for (const unsigned threads : {3U, 1U, 4U}) fetch_some(threads);
  crowd.loop.run();
  CHECK(right == 30);
}

TEST_CASE("fetches given up at any moment never call back, and leave nothing behind") {
  Crowd crowd;
  const TlsPeer peer({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  int ended = 0, given_up = 0;
  const auto count = [&] {
    if (++ended == kMany) crowd.loop.stop();
  };
  for (int i = 0; i < kMany; ++i) {
    crowd.tickets[i] = crowd.client->fetch(HttpsFixture::request(peer.port()), [&, i](const FetchOutcome& got) {
      REQUIRE(crowd.tickets.count(i) == 1);
      CHECK(name_of(got.fault) == "none");
      // The one after the next has begun by now, and goes in whatever state it is.
      if (crowd.tickets.erase(i + 2) == 1) {
        ++given_up;
        count();
      }
      crowd.tickets.erase(i);
      count();
    });
  }
  crowd.loop.run();
  CHECK(given_up > 0);
  CHECK(crowd.tickets.empty());
}

TEST_CASE("a client that goes with fetches under way leaves no callback and no thread") {
  Crowd crowd;
  const TlsPeer peer({.leaf = pki().leaf}, [](PeerConnection& connection) { connection.wait_for_client_to_leave(); });
  for (int i = 0; i < 20; ++i)
    crowd.tickets[i] =
        crowd.client->fetch(HttpsFixture::request(peer.port()), [](const FetchOutcome&) { FAIL("called back"); });
  crowd.client.reset();
  crowd.tickets.clear();
  crowd.loop.post([&] { crowd.loop.stop(); });
  crowd.loop.run();
}
