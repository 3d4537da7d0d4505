// The yardstick of a fetch: a blocking OpenSSL client with default options that makes the
// same handshakes and GETs, one after another, without any look-up.
//   bare_client CA_FILE PORT NAMES     prints processor time and time per fetch as JSON
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
  const std::string request = "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  if (SSL_connect(ssl.get()) != 1 || SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) <= 0) return false;
  std::string answer;
  char buffer[16384];
  for (int n = 0; (n = SSL_read(ssl.get(), buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<std::size_t>(n));
  return answer.rfind("HTTP/1.1 200 ", 0) == 0 && answer.find("version: STSv1") != answer.npos;
}

}  // namespace

int main(int argc, char** argv) {
  const auto names = argc == 4 ? bench::parse_names(argv[3]) : std::nullopt;
  if (!names) return 64;
  const CPtr<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(context.get(), argv[1]) != 1) return 1;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const double before = processor_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t good = 0;
  for (std::uint64_t i = 0; i < names->count; ++i) good += fetch(*context, port, "mta-sts." + names->at(i));
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto count = static_cast<double>(names->count);
  std::printf("{\"good\": %lu, \"cpu_ms\": %.5f, \"ms\": %.5f}\n", static_cast<unsigned long>(good),
              (processor_seconds() - before) * 1e3 / count, took * 1e3 / count);
  return 0;
}
