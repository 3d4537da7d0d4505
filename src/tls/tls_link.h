// One TLS session on one connected socket: what OpenSSL has to be told and asked, and a
// budget that ends floods. Knows neither HTTP nor the event loop. Fetch thread.
// RFC 8461 section 3.3 and 7: SNI and certificate name are the policy host.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "tls/cert_text.h"
#include "tls/tls_context.h"
#include "tls/tls_fault.h"

namespace tlspolicyd {

class TlsLink {
 public:
  // `closed`: by close_notify. `fault`: see fault().
  enum class Step : unsigned char { done, want_read, want_write, closed, fault };

  TlsLink(SSL_CTX& context, UniqueFd socket, const std::string& host);
  TlsLink(const TlsLink&) = delete;
  TlsLink& operator=(const TlsLink&) = delete;

  Step handshake();
  Step write(std::string_view& octets);  // takes away what was written
  // Give room for a whole record, so that nothing is left inside OpenSSL between reads.
  static constexpr std::size_t kRecord = 16 * 1024;
  Step read(std::span<char> room, std::size_t& size);

  [[nodiscard]] const FetchFailure& fault() const { return fault_; }
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool pending() const { return SSL_pending(ssl_.get()) > 0; }
  [[nodiscard]] std::uint64_t octets_heard() const;
  // Of the peer's handshake, that we have answered. A few at most, whatever it sends.
  [[nodiscard]] std::size_t flights() const { return flights_; }
  [[nodiscard]] bool certificate_seen() const { return leaf_ != nullptr; }
  void describe(FetchOutcome& outcome) const;

  // For the context: remembers what did not verify, so that it can be shown.
  static int on_verify(int ok, X509_STORE_CTX* store);

 private:
  using SslPtr = CPtr<SSL, SSL_free>;

  static void on_message(int write, int version, int type, const void* octets, std::size_t size, SSL* ssl, void* self);
  Step judge(int result);
  Step fail_with(FetchFault fault, std::string detail);
  Step fail_by_library();
  Step fail_by_system(int error);
  [[nodiscard]] Step established();
  [[nodiscard]] bool over_budget() const;
  [[nodiscard]] std::string when() const;

  UniqueFd socket_;
  std::string host_;
  SslPtr ssl_;
  FetchFailure fault_{FetchFault::none, ""};
  X509Ptr leaf_;
  X509Ptr at_fault_;
  int fault_depth_ = 0;
  bool established_ = false;
  bool first_record_seen_ = false;
  bool spoke_tls_ = false;
  bool turn_is_ours_ = false;  // the peer's was the last handshake message
  std::size_t flights_ = 0;
  int late_messages_ = 0;  // handshake messages after the handshake
};

}  // namespace tlspolicyd
