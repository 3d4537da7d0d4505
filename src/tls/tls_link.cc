#include "tls/tls_link.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace tlspolicyd {
namespace {

// Session tickets and key updates, which a server may send at will. Two tickets are
// usual; a flood of them is cut after some kB and before it costs processor time.
constexpr int kMaxLateMessages = 32;
// On the wire, both ways of waste included: 64 KiB of body sent in records of one octet
// are about 1.5 MiB.
constexpr std::uint64_t kMaxOctets = 2 * 1024 * 1024;

// A record header begins with its type (change_cipher_spec to application_data) and major version 3.
bool looks_like_tls(const void* header) {
  const auto* const octets = static_cast<const unsigned char*>(header);
  return octets[0] >= SSL3_RT_CHANGE_CIPHER_SPEC && octets[0] <= SSL3_RT_APPLICATION_DATA &&
         octets[1] == SSL3_VERSION_MAJOR;
}

// The TLS library's own error; below it in the queue may lie those of the libraries it uses.
unsigned long tls_error() {
  unsigned long first = 0;
  while (const unsigned long code = ERR_get_error()) {
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) return code;
    if (first == 0) first = code;
  }
  return first;
}

void check(bool ok) {
  if (!ok) throw std::bad_alloc();
}

}  // namespace

TlsLink::TlsLink(SSL_CTX& context, UniqueFd socket, const std::string& host)
    : socket_(std::move(socket)), host_(host), ssl_(SSL_new(&context)) {
  check(ssl_ != nullptr);
  SSL* const ssl = ssl_.get();
  SSL_set_app_data(ssl, this);
  SSL_set_msg_callback(ssl, &TlsLink::on_message);
  SSL_set_msg_callback_arg(ssl, this);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, &TlsLink::on_verify);
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  check(X509_VERIFY_PARAM_set1_host(param, host_.data(), host_.size()) == 1);
  check(SSL_set_tlsext_host_name(ssl, host_.c_str()) == 1);
  check(SSL_set_fd(ssl, socket_.get()) == 1);
  SSL_set_connect_state(ssl);
}

TlsLink::Step TlsLink::handshake() {
  ERR_clear_error();
  const Step step = judge(SSL_do_handshake(ssl_.get()));
  return step == Step::done ? established() : step;
}

TlsLink::Step TlsLink::established() {
  established_ = true;
  leaf_.reset(SSL_get1_peer_certificate(ssl_.get()));
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  const std::string_view chosen(reinterpret_cast<const char*>(name), size);
  if (chosen.empty() || chosen == "http/1.1") return Step::done;
  return fail_with(FetchFault::alpn, "the server chose \"" + std::string(chosen) + "\" (ALPN), not HTTP/1.1");
}

TlsLink::Step TlsLink::write(std::string_view& octets) {
  ERR_clear_error();
  std::size_t written = 0;
  const Step step = judge(SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &written));
  octets.remove_prefix(written);
  return step;
}

TlsLink::Step TlsLink::read(std::span<char> room, std::size_t& size) {
  ERR_clear_error();
  size = 0;
  return judge(SSL_read_ex(ssl_.get(), room.data(), room.size(), &size));
}

TlsLink::Step TlsLink::judge(int result) {
  const int error = errno;
  if (over_budget())
    return fail_with(FetchFault::flood, "the server floods the connection (" + std::to_string(octets_heard()) +
                                            " octets, " + std::to_string(late_messages_) +
                                            " TLS messages after the handshake)");
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE: return Step::done;
    case SSL_ERROR_WANT_READ: return Step::want_read;
    case SSL_ERROR_WANT_WRITE: return Step::want_write;
    case SSL_ERROR_ZERO_RETURN: return Step::closed;
    case SSL_ERROR_SYSCALL: return fail_by_system(error);
    default: return fail_by_library();
  }
}

bool TlsLink::over_budget() const { return late_messages_ > kMaxLateMessages || octets_heard() > kMaxOctets; }

TlsLink::Step TlsLink::fail_with(FetchFault fault, std::string detail) {
  fault_ = {fault, std::move(detail)};
  return Step::fault;
}

TlsLink::Step TlsLink::fail_by_system(int error) {
  return fail_with(FetchFault::reset,
                   "the connection broke " + when() + ": " + std::strerror(error != 0 ? error : ECONNRESET));
}

TlsLink::Step TlsLink::fail_by_library() {
  const unsigned long code = tls_error();
  const int reason = ERR_GET_REASON(code);
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return fail_with(FetchFault::reset, "the server closed the connection " + when());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const int verdict = static_cast<int>(SSL_get_verify_result(ssl_.get()));
    fault_ = explain_certificate({verdict, fault_depth_, at_fault_.get(), leaf_.get()}, host_);
    return Step::fault;
  }
  fault_ = explain_tls(code, spoke_tls_, SSL_get_state(ssl_.get()) == TLS_ST_CR_CERT);
  return Step::fault;
}

std::string TlsLink::when() const { return established_ ? "without TLS close_notify" : "during the TLS handshake"; }

std::uint64_t TlsLink::octets_heard() const { return BIO_number_read(SSL_get_rbio(ssl_.get())); }

void TlsLink::describe(FetchOutcome& outcome) const {
  if (leaf_) tlspolicyd::describe(*leaf_, outcome);
  if (!established_) return;
  outcome.tls_version = SSL_get_version(ssl_.get());
  outcome.tls_cipher = SSL_get_cipher_name(ssl_.get());
}

int TlsLink::on_verify(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return ok;
  const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& me = *static_cast<TlsLink*>(SSL_get_app_data(ssl));
  const auto keep = [](X509* certificate) {
    if (certificate != nullptr) X509_up_ref(certificate);
    return X509Ptr(certificate);
  };
  me.leaf_ = keep(X509_STORE_CTX_get0_cert(store));
  me.at_fault_ = keep(X509_STORE_CTX_get_current_cert(store));
  me.fault_depth_ = X509_STORE_CTX_get_error_depth(store);
  return ok;
}

void TlsLink::on_message(int write, int, int type, const void* octets, std::size_t size, SSL*, void* self) {
  auto& me = *static_cast<TlsLink*>(self);
  if (type == SSL3_RT_HANDSHAKE && std::exchange(me.turn_is_ours_, write == 0) && write != 0) ++me.flights_;
  if (write != 0) return;
  if (type == SSL3_RT_HEADER && !me.first_record_seen_ && size > 1) {
    me.first_record_seen_ = true;
    me.spoke_tls_ = looks_like_tls(octets);
  }
  if (type == SSL3_RT_HANDSHAKE && me.established_) ++me.late_messages_;
}

}  // namespace tlspolicyd
