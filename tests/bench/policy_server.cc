// Policy host of all names at once: a certificate by SNI, made when first asked for, one
// document, close_notify. One thread on epoll.   policy_server CA_FILE PORT
// Writes the root's certificate to CA_FILE. All leaves share a key: only the client counts.
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/c_ptr.h"
#include "base/unique_fd.h"
#include "bench/listen.h"
#include "bench/names.h"
#include "fakes/certificates.h"

using namespace tlspolicyd;

namespace {

constexpr std::string_view kHostPrefix = "mta-sts.";

class Certificates {
 public:
  [[nodiscard]] const Identity& root() const { return root_; }
  const Identity& of(const std::string& host) {
    const auto [place, is_new] = made_.try_emplace(host);
    if (is_new) place->second = make_identity({.common_name = "policy", .alt_names = "DNS:" + host}, &root_);
    return place->second;
  }

 private:
  Identity root_ = make_identity(ca_spec("Bench Root"));
  std::unordered_map<std::string, Identity> made_;
};

struct Client {
  UniqueFd fd;
  CPtr<SSL, SSL_free> ssl;
  std::string in;
};

int choose_certificate(SSL* ssl, void* certificates) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return 0;
  const Identity& mine = static_cast<Certificates*>(certificates)->of(name);
  return SSL_use_certificate(ssl, mine.certificate.get()) == 1 && SSL_use_PrivateKey(ssl, mine.key.get()) == 1;
}

std::string answer_to(SSL* ssl) {
  const std::string host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const std::string body = bench::document(host.substr(kHostPrefix.size()));
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

// Whether the connection goes on.
bool serve(Client& client) {
  SSL* const ssl = client.ssl.get();
  std::array<char, 4096> room;
  const int got = SSL_read(ssl, room.data(), room.size());  // the handshake first
  if (got <= 0) return SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ;
  client.in.append(room.data(), static_cast<std::size_t>(got));
  if (client.in.find("\r\n\r\n") == client.in.npos) return true;
  const std::string answer = answer_to(ssl);
  SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
  SSL_shutdown(ssl);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  std::signal(SIGPIPE, SIG_IGN);
  Certificates certificates;
  std::ofstream(argv[1], std::ios::trunc) << pem_of(certificates.root());
  const CPtr<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_cert_cb(context.get(), choose_certificate, &certificates);
  const UniqueFd listener = bench::listen_on(static_cast<std::uint16_t>(std::atoi(argv[2])));
  const UniqueFd poll(epoll_create1(0));
  const auto watch = [&](int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener.get());
  std::unordered_map<int, Client> clients;
  for (std::array<epoll_event, 64> ready;;) {
    const int count = epoll_wait(poll.get(), ready.data(), ready.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd != listener.get()) {
        if (!serve(clients[fd])) clients.erase(fd);
        continue;
      }
      for (int made; (made = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; watch(made)) {
        Client& client = clients[made] = Client{UniqueFd(made), CPtr<SSL, SSL_free>(SSL_new(context.get())), {}};
        SSL_set_fd(client.ssl.get(), made);
        SSL_set_accept_state(client.ssl.get());
      }
    }
  }
}
