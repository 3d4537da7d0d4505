// A TLS server on loopback that follows a script, for a policy host of any kind: honest,
// broken, hostile. Each connection has a thread of its own; destruction ends them all.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/c_ptr.h"
#include "base/unique_fd.h"
#include "fakes/certificates.h"

namespace tlspolicyd {

// One connection as the script sees it. All calls block; they return false once the
// client is gone.
class PeerConnection {
 public:
  PeerConnection(int fd, SSL_CTX& context);

  bool handshake();
  std::string request();                     // up to and with the blank line
  bool send(const std::string& octets);      // through TLS
  bool send_raw(const std::string& octets);  // past it
  void buffer_output();                      // many records a write; close_notify() flushes
  void close_notify();
  void fin();    // TCP only
  void reset();  // RST, at the end of the script
  void wait_for_client_to_leave();
  [[nodiscard]] bool client_left() const;  // does not block
  [[nodiscard]] SSL* ssl() { return ssl_.get(); }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string sni() const;

 private:
  int fd_;
  CPtr<SSL, SSL_free> ssl_;
};

class TlsPeer {
 public:
  using Script = std::function<void(PeerConnection&)>;

  struct Options {
    Identity leaf;
    std::vector<Identity> chain;  // sent after the leaf
    int max_version = 0, min_version = 0;
    std::string alpn;  // the one protocol offered; "" for none
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any
  };

  TlsPeer(const Options& options, Script script);
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;
  ~TlsPeer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve();
  void serve_one(int fd);

  CPtr<SSL_CTX, SSL_CTX_free> context_;
  std::string alpn_;
  Script script_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;  // guards open_ and threads_
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A complete and honest answer.
[[nodiscard]] std::string http_ok(const std::string& body);

}  // namespace tlspolicyd
