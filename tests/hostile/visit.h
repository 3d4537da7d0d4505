// One connection of the daemon to a policy host that follows an act: honest, silent, slow,
// endless, broken off, or busy making the client work. Non-blocking; one thread.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/c_ptr.h"
#include "base/unique_fd.h"

namespace tlspolicyd {

enum class Act : unsigned char {
  good,       // a policy, at once
  brief,      // the same with a max_age of one second
  slow,       // a policy of 8 KiB, one of them a second
  silent,     // accepts and never speaks
  drip_tls,   // its handshake an octet a second
  drip_http,  // its answer an octet a second
  headers,
  body,          // without end, as fast as they are read
  reset_accept,  // before a Visit begins
  reset_hello,
  reset_handshake,
  reset_request,
  reset_headers,
  reset_body,
  chain,    // 100 kB of certificates
  rsa8192,  // a key that is costly to verify
  key_updates,
  renegotiation,  // without end
};

[[nodiscard]] std::optional<Act> parse_act(std::string_view name);
[[nodiscard]] std::string_view to_string(Act act);

// The other end gets an RST then.
void reset_at_close(int fd);

class Visit {
 public:
  enum class Wish : unsigned char { read, read_and_write, end, reset };

  Visit(UniqueFd fd, Act act, SSL_CTX& context);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Act act() const { return act_; }
  // The client has come as far as the act needs it.
  [[nodiscard]] bool playing() const;
  // What to wait for next, after the socket was ready and once a second.
  [[nodiscard]] Wish on_ready();
  [[nodiscard]] Wish on_second();

 private:
  [[nodiscard]] bool take_in();
  [[nodiscard]] Wish go_on();
  void shake_hands();
  void read_request();
  void answer();
  void pester();
  void send_kibibyte();
  void send_out(std::size_t most);
  [[nodiscard]] bool dripping() const;

  UniqueFd fd_;
  Act act_;
  CPtr<SSL, SSL_free> ssl_;
  std::string request_;
  std::string out_;     // TLS records on their way
  std::string later_;   // of the answer of a slow host
  bool heard_ = false;  // anything at all
  bool established_ = false;
  bool answered_ = false;
  bool gone_ = false;
  std::optional<Wish> last_;  // what the act ends in, once all is sent
};

}  // namespace tlspolicyd
