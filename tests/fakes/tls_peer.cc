#include "fakes/tls_peer.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace tlspolicyd {
namespace {

void ensure(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                void* wanted) {
  const auto& name = *static_cast<const std::string*>(wanted);
  const std::string offered(reinterpret_cast<const char*>(in), in_size);
  if (offered.find(name) == std::string::npos) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = reinterpret_cast<const unsigned char*>(name.data());
  *size = static_cast<unsigned char>(name.size());
  return SSL_TLSEXT_ERR_OK;
}

UniqueFd listen_on(const std::string& address, std::uint16_t& port) {
  const bool v6 = address.find(':') != std::string::npos;
  UniqueFd fd(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in in{};
  sockaddr_in6 in6{};
  in.sin_family = AF_INET;
  in6.sin6_family = AF_INET6;
  in.sin_port = in6.sin6_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  inet_pton(AF_INET6, address.c_str(), &in6.sin6_addr);
  auto* const where = v6 ? reinterpret_cast<sockaddr*>(&in6) : reinterpret_cast<sockaddr*>(&in);
  socklen_t size = v6 ? sizeof in6 : sizeof in;
  ensure(bind(fd.get(), where, size) == 0 && listen(fd.get(), 128) == 0, "listen");
  getsockname(fd.get(), where, &size);
  port = ntohs(v6 ? in6.sin6_port : in.sin_port);
  return fd;
}

}  // namespace

PeerConnection::PeerConnection(int fd, SSL_CTX& context) : fd_(fd), ssl_(SSL_new(&context)) {
  SSL_set_fd(ssl_.get(), fd);
}

bool PeerConnection::handshake() { return SSL_accept(ssl_.get()) == 1; }

std::string PeerConnection::request() {
  std::string octets;
  char buffer[4096];
  while (octets.find("\r\n\r\n") == octets.npos) {
    const int n = SSL_read(ssl_.get(), buffer, sizeof buffer);
    if (n <= 0) break;
    octets.append(buffer, static_cast<std::size_t>(n));
  }
  return octets;
}

bool PeerConnection::send(const std::string& octets) {
  return SSL_write(ssl_.get(), octets.data(), static_cast<int>(octets.size())) > 0;
}

bool PeerConnection::send_raw(const std::string& octets) {
  return ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
}

void PeerConnection::buffer_output() {
  BIO* const socket = SSL_get_wbio(ssl_.get());
  BIO_up_ref(socket);
  SSL_set0_wbio(ssl_.get(), BIO_push(BIO_new(BIO_f_buffer()), socket));
}

void PeerConnection::close_notify() {
  SSL_shutdown(ssl_.get());
  static_cast<void>(BIO_flush(SSL_get_wbio(ssl_.get())));
}

void PeerConnection::fin() { ::shutdown(fd_, SHUT_WR); }

void PeerConnection::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void PeerConnection::wait_for_client_to_leave() {
  char buffer[4096];
  while (recv(fd_, buffer, sizeof buffer, 0) > 0) {
  }
}

bool PeerConnection::client_left() const {
  char octet;
  const ssize_t n = recv(fd_, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN);
}

std::string PeerConnection::sni() const {
  const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

TlsPeer::TlsPeer(const Options& options, Script script)
    : context_(SSL_CTX_new(TLS_server_method())), alpn_(options.alpn), script_(std::move(script)), port_(options.port) {
  listener_ = listen_on(options.address, port_);
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, options.min_version != 0 ? options.min_version : TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, options.max_version);
  if (options.leaf.certificate) {
    ensure(SSL_CTX_use_certificate(context, options.leaf.certificate.get()) == 1, "certificate");
    ensure(SSL_CTX_use_PrivateKey(context, options.leaf.key.get()) == 1, "key");
  }
  for (const Identity& link : options.chain) SSL_CTX_add1_chain_cert(context, link.certificate.get());
  if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(context, choose_alpn, &alpn_);
  acceptor_ = std::thread([this] { serve(); });
}

TlsPeer::~TlsPeer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void TlsPeer::serve() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  for (;;) {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve_one(fd); });
  }
}

void TlsPeer::serve_one(int fd) {
  {
    PeerConnection connection(fd, *context_);
    script_(connection);
  }
  ERR_clear_error();
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  close(fd);
}

std::string http_ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace tlspolicyd
