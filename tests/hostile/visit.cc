#include "visit.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::size_t kBatch = 64 * 1024;  // octets of an endless stream that are made at once
constexpr int kMessages = 64;              // TLS messages made at once

constexpr std::array<std::pair<std::string_view, Act>, 18> kActs{{{"good", Act::good},
                                                                  {"brief", Act::brief},
                                                                  {"slow", Act::slow},
                                                                  {"silent", Act::silent},
                                                                  {"drip-tls", Act::drip_tls},
                                                                  {"drip-http", Act::drip_http},
                                                                  {"headers", Act::headers},
                                                                  {"body", Act::body},
                                                                  {"reset-accept", Act::reset_accept},
                                                                  {"reset-hello", Act::reset_hello},
                                                                  {"reset-handshake", Act::reset_handshake},
                                                                  {"reset-request", Act::reset_request},
                                                                  {"reset-headers", Act::reset_headers},
                                                                  {"reset-body", Act::reset_body},
                                                                  {"chain", Act::chain},
                                                                  {"rsa8192", Act::rsa8192},
                                                                  {"key-updates", Act::key_updates},
                                                                  {"renegotiation", Act::renegotiation}}};

constexpr std::string_view kFields = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

// Of a slow host's answer, what it sends a second, and how many seconds it takes.
constexpr std::size_t kKibibyte = 1024, kSeconds = 8;

std::string padded(std::string body) {
  for (int line = 0; body.size() + 500 < kSeconds * kKibibyte; ++line)
    body += "x" + std::to_string(line) + ": " + std::string(400, 'x') + "\r\n";
  return body += "last: " + std::string(kSeconds * kKibibyte - body.size() - 8, 'x') + "\r\n";
}

// The policy of the domain whose policy host `host` is.
std::string honest_answer(std::string_view host, Act act) {
  const std::string domain(host.substr(host.find('.') + 1));
  const std::string max_age = act == Act::brief ? "1" : "604800";
  std::string body = "version: STSv1\r\nmode: enforce\r\nmx: mx." + domain + "\r\nmax_age: " + max_age + "\r\n";
  if (act == Act::slow) body = padded(std::move(body));
  return std::string(kFields) + "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

}  // namespace

std::optional<Act> parse_act(std::string_view name) {
  for (const auto& [word, act] : kActs)
    if (word == name) return act;
  return std::nullopt;
}

std::string_view to_string(Act act) {
  const auto* const found = std::ranges::find(kActs, act, &std::pair<std::string_view, Act>::second);
  return found != kActs.end() ? found->first : "reset-accept";
}

Visit::Visit(UniqueFd fd, Act act, SSL_CTX& context) : fd_(std::move(fd)), act_(act), ssl_(SSL_new(&context)) {
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(ssl_.get());
  if (act == Act::renegotiation) SSL_set_max_proto_version(ssl_.get(), TLS1_2_VERSION);
}

bool Visit::playing() const {
  switch (act_) {
    case Act::silent:
    case Act::drip_tls:
    case Act::reset_hello:
    case Act::chain:
    case Act::rsa8192: return heard_;
    case Act::reset_handshake: return established_;
    default: return answered_;
  }
}

bool Visit::dripping() const { return act_ == Act::drip_tls || (act_ == Act::drip_http && answered_); }

Visit::Wish Visit::on_ready() {
  if (act_ == Act::silent) return take_in() ? Wish::read : Wish::end;
  if (!take_in()) return Wish::end;
  if (act_ == Act::reset_hello) return Wish::reset;
  return go_on();
}

Visit::Wish Visit::on_second() {
  if (dripping()) send_out(1);
  if (act_ == Act::slow && answered_) send_kibibyte();
  return gone_ ? Wish::end : Wish::read;
}

// False: the client has left.
bool Visit::take_in() {
  std::array<char, 16'384> room;
  while (true) {
    const ssize_t got = recv(fd(), room.data(), room.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    heard_ = true;
    BIO_write(SSL_get_rbio(ssl_.get()), room.data(), static_cast<int>(got));
  }
}

Visit::Wish Visit::go_on() {
  ERR_clear_error();
  if (!established_) shake_hands();
  if (established_ && act_ == Act::reset_handshake) return Wish::reset;
  if (established_ && !answered_) read_request();
  if (answered_ && !last_ && out_.empty() && act_ != Act::slow) pester();
  if (!dripping()) send_out(out_.size() + kBatch);
  if (gone_) return Wish::end;
  if (!out_.empty()) return dripping() ? Wish::read : Wish::read_and_write;
  if (last_) return *last_;
  const bool ticks = dripping() || act_ == Act::slow;  // goes on each second
  return answered_ && !ticks ? Wish::read_and_write : Wish::read;
}

void Visit::shake_hands() {
  const int done = SSL_do_handshake(ssl_.get());
  established_ = done == 1;
  if (!established_ && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) last_ = Wish::end;
}

void Visit::read_request() {
  std::array<char, 4096> room;
  std::size_t size = 0;
  while (SSL_read_ex(ssl_.get(), room.data(), room.size(), &size) == 1) request_.append(room.data(), size);
  if (request_.find("\r\n\r\n") != std::string::npos) answer();
}

void Visit::answer() {
  answered_ = true;
  const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  const std::string whole = honest_answer(name != nullptr ? name : "", act_);
  std::string_view octets = whole;
  if (act_ == Act::reset_request) octets = {};
  if (act_ == Act::reset_headers || act_ == Act::headers) octets = kFields;
  const bool cut = act_ == Act::reset_body || act_ == Act::key_updates || act_ == Act::renegotiation;
  if (cut) octets = std::string_view(whole).substr(0, whole.size() - 20);
  if (act_ == Act::slow) {
    const std::size_t header = whole.size() - kSeconds * kKibibyte;
    later_ = whole.substr(header);
    octets = octets.substr(0, header);
  }
  if (act_ == Act::body) octets = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
  for (const char& octet : octets) {
    std::size_t written = 0;
    const bool one_by_one = act_ == Act::drip_http;
    SSL_write_ex(ssl_.get(), &octet, one_by_one ? 1 : octets.size(), &written);
    if (!one_by_one) break;
  }
  if (act_ == Act::reset_request || act_ == Act::reset_headers || act_ == Act::reset_body) last_ = Wish::reset;
  const bool honest = act_ == Act::good || act_ == Act::brief || act_ == Act::chain || act_ == Act::rsa8192;
  if (!honest) return;
  SSL_shutdown(ssl_.get());
  last_ = Wish::end;
}

void Visit::send_kibibyte() {
  std::size_t written = 0;
  if (!later_.empty()) SSL_write_ex(ssl_.get(), later_.data(), std::min(kKibibyte, later_.size()), &written);
  later_.erase(0, written);
  send_out(kBatch);
  if (!later_.empty() || gone_) return;
  SSL_shutdown(ssl_.get());
  send_out(kBatch);
  gone_ = true;
}

// More of what never ends.
void Visit::pester() {
  SSL* const ssl = ssl_.get();
  std::size_t written = 0;
  static const std::string line = "X-Filler: " + std::string(118, 'x') + "\r\n";
  for (int i = 0; i < kMessages; ++i) {
    if (act_ == Act::headers || act_ == Act::body) SSL_write_ex(ssl, line.data(), line.size(), &written);
    if (act_ == Act::key_updates) SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
    if (act_ == Act::renegotiation) SSL_renegotiate(ssl);
    if (act_ == Act::key_updates || act_ == Act::renegotiation) SSL_do_handshake(ssl);
  }
}

void Visit::send_out(std::size_t most) {
  BIO* const records = SSL_get_wbio(ssl_.get());
  std::array<char, 16'384> room;
  for (int got; out_.size() < kBatch && (got = BIO_read(records, room.data(), room.size())) > 0;)
    out_.append(room.data(), static_cast<std::size_t>(got));
  const ssize_t sent = send(fd(), out_.data(), std::min(most, out_.size()), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) gone_ = true;
  if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
}

void reset_at_close(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace tlspolicyd
