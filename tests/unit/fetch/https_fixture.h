// What the tests of HttpsClient share: a CA, a right certificate, a client that trusts
// it, and a loop to wait on.
#pragma once

#include <optional>

#include "base/text.h"
#include "catch.h"
#include "event/loop.h"
#include "fakes/certificates.h"
#include "fakes/tls_peer.h"
#include "fetch/https_client.h"

namespace tlspolicyd {

inline const std::string kHost = "mta-sts.d.example";
inline const std::string kPolicy = "version: STSv1\r\nmode: enforce\r\nmx: mx1.d.example\r\nmax_age: 604800\r\n";

// Made once: keys cost time.
struct Pki {
  Identity root = make_identity(ca_spec("Test Root"));
  Identity leaf = make_identity({}, &root);
};
inline const Pki& pki() {
  static const Pki made;
  return made;
}

// Answers whatever is asked with `octets`, then says goodbye.
inline TlsPeer::Script answering(std::string octets) {
  return [octets = std::move(octets)](PeerConnection& peer) {
    if (!peer.handshake()) return;
    peer.request();
    peer.send(octets);
    peer.close_notify();
  };
}

class HttpsFixture {
 public:
  explicit HttpsFixture(std::string trusted = pem_of(pki().root))
      : ca_file(std::move(trusted)), client(*HttpsClient::create(loop, {.ca_file = ca_file.path(), .threads = 1})) {}

  [[nodiscard]] static FetchRequest request(std::uint16_t port,
                                            const std::vector<std::string>& addresses = {"127.0.0.1"}) {
    FetchRequest request;
    request.host = kHost;
    for (const std::string& text : addresses) request.addresses.push_back(*parse_ip(text));
    request.port = port;
    request.timeout = seconds(300);  // far beyond what any test needs, on a starved machine too
    return request;
  }

  FetchOutcome fetch(FetchRequest request) {
    std::optional<FetchOutcome> outcome;
    const Ticket ticket = client->fetch(std::move(request), [&](const FetchOutcome& got) {
      outcome = got;
      loop.stop();
    });
    loop.run();
    return *outcome;
  }
  FetchOutcome fetch(const TlsPeer& peer) { return fetch(request(peer.port())); }

  Loop loop;
  TempFile ca_file;
  std::unique_ptr<HttpsClient> client;
};

}  // namespace tlspolicyd
