// Processor time of one fetch, beside that of a plain blocking OpenSSL client that does
// the same handshake and GET. The server runs in another process and is not counted.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "event/loop.h"
#include "fakes/certificates.h"
#include "fakes/tls_peer.h"
#include "net/https_client.h"
#include "net/socket_address.h"
#include "net/tls_context.h"

using namespace tlspolicyd;

namespace {

constexpr int kFetches = 500;
const std::string kHost = "mta-sts.d.example";

double cpu_ms() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

void answer(PeerConnection& peer) {
  if (!peer.handshake()) return;
  peer.request();
  peer.send(http_ok("version: STSv1\r\nmode: enforce\r\nmx: mx1.d.example\r\nmax_age: 604800\r\n"));
  peer.close_notify();
}

bool blocking_fetch(SSL_CTX& context, std::uint16_t port) {
  const SocketAddress where = to_socket_address(*parse_ip("127.0.0.1"), port);
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  if (connect(fd.get(), where.get(), where.size) != 0) return false;
  const CPtr<SSL, SSL_free> ssl(SSL_new(&context));
  SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, nullptr);
  SSL_set1_host(ssl.get(), kHost.c_str());
  SSL_set_tlsext_host_name(ssl.get(), kHost.c_str());
  SSL_set_fd(ssl.get(), fd.get());
  SSL_set_mode(ssl.get(), SSL_MODE_AUTO_RETRY);
  const std::string request = "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + kHost + "\r\n\r\n";
  if (SSL_connect(ssl.get()) != 1 || SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) <= 0) return false;
  char buffer[16384];
  int total = 0, n = 0;
  while ((n = SSL_read(ssl.get(), buffer, sizeof buffer)) > 0) total += n;
  return total > 0;
}

// `at_once` fetches in flight until kFetches have ended.
int evented(Loop& loop, HttpsClient& client, std::uint16_t port, int at_once) {
  std::vector<Ticket> tickets(kFetches);
  int begun = 0, ended = 0, good = 0;
  std::function<void()> begin = [&] {
    if (begun == kFetches) return;
    FetchRequest request;
    request.host = kHost;
    request.addresses = {*parse_ip("127.0.0.1")};
    request.port = port;
    tickets[static_cast<std::size_t>(begun++)] = client.fetch(request, [&](const FetchOutcome& got) {
      good += got.fault == FetchFault::none;
      if (++ended == kFetches) loop.stop();
      else begin();
    });
  };
  for (int i = 0; i < at_once; ++i) begin();
  loop.run();
  return good;
}

void report(const char* what, double ms, int good) {
  std::printf("%-32s %.3f ms CPU a fetch (%d of %d good)\n", what, ms / kFetches, good, kFetches);
}

}  // namespace

int main() {
  const Identity root = make_identity(ca_spec("Root"));
  const Identity leaf = make_identity({}, &root);
  const TempFile ca(pem_of(root));
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t server = fork();
  if (server == 0) {
    const TlsPeer peer({.leaf = leaf}, answer);
    const std::uint16_t port = peer.port();
    if (write(ends[1], &port, sizeof port) != sizeof port) _exit(1);
    pause();
  }
  std::uint16_t port = 0;
  if (read(ends[0], &port, sizeof port) != sizeof port) return 1;
  const SslCtxPtr context = std::move(*make_tls_context({ca.path(), ""}));
  Loop loop;
  const auto client = *HttpsClient::create(loop, {.ca_file = ca.path(), .threads = 1});
  for (int round = 0; round < 3; ++round) {
    double before = cpu_ms();
    int good = 0;
    for (int i = 0; i < kFetches; ++i) good += blocking_fetch(*context, port);
    const double plain = cpu_ms() - before;
    report("blocking OpenSSL", plain, good);
    for (const int at_once : {1, 50}) {
      before = cpu_ms();
      good = evented(loop, *client, port, at_once);
      const double ours = cpu_ms() - before;
      report(at_once == 1 ? "HttpsClient, one by one" : "HttpsClient, 50 at once", ours, good);
      std::printf("%-32s %.2f\n", "  ratio", ours / plain);
    }
  }
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  return 0;
}
