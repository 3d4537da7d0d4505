// Thousands of hostile policy hosts in one process: a listener an act, certificates made for
// whatever name is asked for.
//
//   policy_hosts CA_FILE KEY_FILE ADDRESS=ACT...
//
// Writes the authority to CA_FILE, then serves port 443 of each address until stdin closes. For
// each connection that comes as far as its act, CA_FILE.played gets a line with the act.
// KEY_FILE has the key of 8192 bits, made beforehand because that takes long.
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <list>
#include <map>
#include <string>
#include <unordered_map>

#include "fakes/certificates.h"
#include "visit.h"

namespace tlspolicyd {
namespace {

constexpr int kPort = 443;
constexpr int kChainOctets = 100'000;

std::shared_ptr<EVP_PKEY> read_key(const std::string& path) {
  const CPtr<BIO, BIO_free_all> file(BIO_new_file(path.c_str(), "r"));
  return {file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr) : nullptr, EVP_PKEY_free};
}

class PolicyHosts {
 public:
  // `file`: of the authority, whose name is unlike that of any other by it. `costly`: the key of
  // the act rsa8192.
  PolicyHosts(const std::string& file, std::shared_ptr<EVP_PKEY> costly)
      : poll_(epoll_create1(EPOLL_CLOEXEC)),
        authority_(make_identity(ca_spec(file.substr(file.rfind('/') + 1)))),
        costly_(std::move(costly)),
        played_(file + ".played") {
    watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[nodiscard]] std::string authority() const { return pem_of(authority_); }
  [[nodiscard]] bool listen_at(const char* address, Act act);
  void serve();

 private:
  struct Host {
    PolicyHosts* all;
    Act act;
    UniqueFd listener;
    CPtr<SSL_CTX, SSL_CTX_free> context;
  };

  static int on_name(SSL* ssl, int*, void* self);
  void certify(SSL* ssl, const Host& host, const std::string& name);
  void watch(int fd, std::uint32_t events, int how);
  void accept_all(Host& host);
  void on_ready(Visit& visit);
  void heed(Visit& visit, Visit::Wish wish);
  void note(Act act) { played_ << to_string(act) << std::endl; }
  void every_second();

  UniqueFd poll_;
  Identity authority_;
  Identity large_ = make_identity({.common_name = "Filler", .bulk = kChainOctets / 2});
  Identity leaf_ = make_identity({});  // whose key all cheap certificates carry
  std::shared_ptr<EVP_PKEY> costly_;
  std::ofstream played_;
  std::unordered_map<int, Host> hosts_;
  std::unordered_map<int, Visit> visits_;
  std::chrono::steady_clock::time_point last_tick_{};
};

bool PolicyHosts::listen_at(const char* address, Act act) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(kPort);
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) return false;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return false;
  if (listen(fd.get(), SOMAXCONN) != 0) return false;
  const int number = fd.get();
  Host& host = hosts_
                   .try_emplace(number, Host{this, act, std::move(fd),
                                             CPtr<SSL_CTX, SSL_CTX_free>(SSL_CTX_new(TLS_server_method()))})
                   .first->second;
  SSL_CTX_set_tlsext_servername_callback(host.context.get(), &PolicyHosts::on_name);
  SSL_CTX_set_tlsext_servername_arg(host.context.get(), &host);
  SSL_CTX_set_mode(host.context.get(), SSL_MODE_RELEASE_BUFFERS);
  watch(number, EPOLLIN, EPOLL_CTL_ADD);
  return true;
}

int PolicyHosts::on_name(SSL* ssl, int*, void* self) {
  const auto& host = *static_cast<const Host*>(self);
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  host.all->certify(ssl, host, name);
  return SSL_TLSEXT_ERR_OK;
}

void PolicyHosts::certify(SSL* ssl, const Host& host, const std::string& name) {
  CertSpec spec{.common_name = "policy host", .alt_names = "DNS:" + name};
  const auto key = host.act == Act::rsa8192 ? costly_ : leaf_.key;
  const Identity made = make_identity(spec, &authority_, key);
  SSL_use_certificate(ssl, made.certificate.get());
  SSL_use_PrivateKey(ssl, key.get());
  if (host.act != Act::chain) return;
  SSL_add1_chain_cert(ssl, large_.certificate.get());
  SSL_add1_chain_cert(ssl, large_.certificate.get());
}

void PolicyHosts::watch(int fd, std::uint32_t events, int how) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(poll_.get(), how, fd, &event);
}

void PolicyHosts::accept_all(Host& host) {
  while (true) {
    UniqueFd fd(accept4(host.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    if (host.act == Act::reset_accept) {
      note(host.act);
      reset_at_close(fd.get());
      continue;
    }
    const int number = fd.get();
    watch(number, EPOLLIN, EPOLL_CTL_ADD);
    visits_.try_emplace(number, std::move(fd), host.act, *host.context);
  }
}

void PolicyHosts::on_ready(Visit& visit) {
  const bool played = visit.playing();
  const Visit::Wish wish = visit.on_ready();
  if (!played && visit.playing()) note(visit.act());
  heed(visit, wish);
}

void PolicyHosts::heed(Visit& visit, Visit::Wish wish) {
  switch (wish) {
    case Visit::Wish::read: return watch(visit.fd(), EPOLLIN, EPOLL_CTL_MOD);
    case Visit::Wish::read_and_write: return watch(visit.fd(), EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    case Visit::Wish::reset: reset_at_close(visit.fd()); break;
    case Visit::Wish::end: break;
  }
  visits_.erase(visit.fd());
}

void PolicyHosts::every_second() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_tick_ < std::chrono::seconds(1)) return;
  last_tick_ = std::max(last_tick_ + std::chrono::seconds(1), now - std::chrono::seconds(1));  // seconds do not grow
  for (auto at = visits_.begin(); at != visits_.end();) {
    Visit& visit = (at++)->second;
    if (visit.on_second() == Visit::Wish::end) visits_.erase(visit.fd());
  }
}

void PolicyHosts::serve() {
  std::array<epoll_event, 256> ready;
  while (true) {
    const int count = epoll_wait(poll_.get(), ready.data(), ready.size(), 100);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) return;
      if (const auto host = hosts_.find(fd); host != hosts_.end()) accept_all(host->second);
      if (const auto visit = visits_.find(fd); visit != visits_.end()) on_ready(visit->second);
    }
    every_second();
  }
}

}  // namespace
}  // namespace tlspolicyd

int main(int count, char** arguments) {
  if (count < 4) return 64;
  const std::string file = arguments[1];
  auto costly = tlspolicyd::read_key(arguments[2]);
  if (!costly) return std::fprintf(stderr, "policy_hosts: no key in %s\n", arguments[2]), 1;
  tlspolicyd::PolicyHosts hosts(file, std::move(costly));
  for (int i = 3; i < count; ++i) {
    const std::string given = arguments[i];
    const auto equals = given.find('=');
    const auto act = tlspolicyd::parse_act(given.substr(equals + 1));
    if (equals == std::string::npos || !act || !hosts.listen_at(given.substr(0, equals).c_str(), *act)) {
      std::fprintf(stderr, "policy_hosts: cannot serve %s\n", given.c_str());
      return 1;
    }
  }
  std::ofstream(file + ".new") << hosts.authority();
  std::rename((file + ".new").c_str(), file.c_str());
  hosts.serve();
  return 0;
}
