// The yardstick of a first contact: a blocking OpenSSL client with default options that makes the
// same handshakes and GETs, one after another, and before each the same DNS questions on one shared
// socket, whose answers it reads.
//   bare_client CA_FILE PORT NAMES DNS_PORT sts|dane   prints processor time and time per fetch as JSON
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/c_ptr.h"
#include "base/unique_fd.h"
#include "bench/names.h"
#include "dns/wire/dns_codec.h"

using namespace tlspolicyd;

namespace {

double processor_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(used.ru_utime) + of(used.ru_stime);
}

bool fetch(SSL_CTX& context, std::uint16_t port, const std::string& host) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return false;
  const CPtr<SSL, SSL_free> ssl(SSL_new(&context));
  SSL_set1_host(ssl.get(), host.c_str());
  SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  SSL_set_fd(ssl.get(), fd.get());
  const std::string request =
      "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  if (SSL_connect(ssl.get()) != 1 || SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) <= 0)
    return false;
  std::string answer;
  char buffer[16384];
  for (int n = 0; (n = SSL_read(ssl.get(), buffer, sizeof buffer)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(n));
  return answer.rfind("HTTP/1.1 200 ", 0) == 0 && answer.find("version: STSv1") != answer.npos;
}

// One socket for all questions, several of them at a time.
class Lookups {
 public:
  explicit Lookups(std::uint16_t port) : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) std::exit(1);
  }

  // False: one of them was not answered with a message.
  bool ask(std::initializer_list<DnsQuestion> questions) {
    for (const DnsQuestion& question : questions) {
      const auto wire = encode_query(question, ++id_, true);
      if (!wire || send(fd_.get(), wire->data(), wire->size(), 0) < 0) return false;
    }
    for (std::size_t n = 0; n < questions.size(); ++n) {
      std::uint8_t room[4096];
      const ssize_t size = recv(fd_.get(), room, sizeof room, 0);
      if (size < 0 || !decode_message(Octets(room, static_cast<std::size_t>(size)))) return false;
    }
    return true;
  }

 private:
  UniqueFd fd_;
  std::uint16_t id_ = 0;
};

// As the daemon asks: what can be asked together is.
bool look_up(Lookups& dns, const std::string& domain, const std::string& host, bool dane) {
  if (!dns.ask({{"_mta-sts." + domain, RrType::txt}})) return false;
  const std::string policy_host = "mta-sts." + domain;
  if (!dane) return dns.ask({{policy_host, RrType::aaaa}, {policy_host, RrType::a}});
  return dns.ask({{policy_host, RrType::aaaa}, {policy_host, RrType::a}, {domain, RrType::mx}}) &&
         dns.ask({{host, RrType::a}, {host, RrType::aaaa}}) && dns.ask({{"_25._tcp." + host, RrType::tlsa}});
}

// Of tests/bench/servers.py: mail-1.pol.bench.example has the host mail-1.mx.bench.example.
std::string host_of(std::string domain) { return domain.replace(domain.find(".pol."), 5, ".mx."); }

}  // namespace

int main(int argc, char** argv) {
  const auto names = argc == 6 ? bench::parse_names(argv[3]) : std::nullopt;
  if (!names) return 64;
  const CPtr<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(context.get(), argv[1]) != 1) return 1;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const bool dane = std::string(argv[5]) == "dane";
  Lookups dns(static_cast<std::uint16_t>(std::atoi(argv[4])));
  const double before = processor_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t good = 0;
  for (std::uint64_t i = 0; i < names->count; ++i) {
    const std::string domain = names->at(i);
    good += look_up(dns, domain, host_of(domain), dane) && fetch(*context, port, "mta-sts." + domain);
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto count = static_cast<double>(names->count);
  std::printf("{\"good\": %lu, \"cpu_ms\": %.5f, \"ms\": %.5f}\n", static_cast<unsigned long>(good),
              (processor_seconds() - before) * 1e3 / count, took * 1e3 / count);
  return 0;
}
