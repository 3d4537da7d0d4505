// Processor time of one fetch, beside that of a plain blocking OpenSSL client that does
// the same handshake and GET, and the memory of one in silence. The server runs in another process and is not counted.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <functional>
#include <vector>

#include "event/loop.h"
#include "fakes/certificates.h"
#include "fakes/tls_peer.h"
#include "fetch/https_client.h"
#include "net/socket_address.h"
#include "tls/tls_context.h"

using namespace tlspolicyd;

namespace {

constexpr int kFetches = 100;  // a round
constexpr int kRounds = 15;    // of each kind, in turns; the median counts
const std::string kHost = "mta-sts.d.example";

double cpu_ms() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

void answer(PeerConnection& peer) {
  if (!peer.handshake()) return;
  if (peer.request().find("/silence") != std::string::npos) return peer.wait_for_client_to_leave();
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
  if (SSL_connect(ssl.get()) != 1 || SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) <= 0)
    return false;
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

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double cost(const std::function<int()>& round) {
  const double before = cpu_ms();
  const int good = round();
  if (good != kFetches) std::printf("only %d of %d fetches were good\n", good, kFetches);
  return (cpu_ms() - before) / kFetches;
}

double resident_kb() {
  long pages = 0, resident = 0;
  std::FILE* const statm = std::fopen("/proc/self/statm", "r");
  if (statm == nullptr || std::fscanf(statm, "%ld %ld", &pages, &resident) != 2) return 0;
  std::fclose(statm);
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1024;
}

// Resident memory of one fetch whose server went silent after the handshake.
double memory_of_silence(Loop& loop, HttpsClient& client, std::uint16_t port) {
  constexpr int kSilent = 400;  // both processes stay below 1024 descriptors
  std::vector<Ticket> tickets;
  const double before = resident_kb();
  for (int i = 0; i < kSilent; ++i) {
    FetchRequest request;
    request.host = kHost;
    request.addresses = {*parse_ip("127.0.0.1")};
    request.port = port;
    request.path = "/silence";
    tickets.push_back(client.fetch(request, [](const FetchOutcome&) {}));
  }
  const auto settled = loop.make([&] { loop.stop(); });
  settled->start(seconds(4));
  loop.run();
  return (resident_kb() - before) / kSilent;
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
  const SslCtxPtr context(SSL_CTX_new(TLS_client_method()));  // default options
  SSL_CTX_load_verify_file(context.get(), ca.path().c_str());
  Loop loop;
  const auto client = *HttpsClient::create(loop, {.ca_file = ca.path(), .threads = 1});
  std::vector<double> plain, single, crowd;
  for (int i = 0; i < kRounds; ++i) {
    plain.push_back(cost([&] {
      int good = 0;
      for (int n = 0; n < kFetches; ++n) good += blocking_fetch(*context, port);
      return good;
    }));
    single.push_back(cost([&] { return evented(loop, *client, port, 1); }));
    crowd.push_back(cost([&] { return evented(loop, *client, port, 50); }));
  }
  const double base = median(plain);
  std::printf("blocking OpenSSL         %.3f ms CPU a fetch\n", base);
  std::printf("HttpsClient, one by one  %.3f ms, %.2f of it\n", median(single), median(single) / base);
  std::printf("HttpsClient, 50 at once  %.3f ms, %.2f of it\n", median(crowd), median(crowd) / base);
  std::printf("HttpsClient, in silence  %.1f kB resident a fetch\n", memory_of_silence(loop, *client, port));
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  return 0;
}
