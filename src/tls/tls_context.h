// The TLS settings all fetches share, and the certificates they trust. RFC 8461 section
// 3.3 and 7, RFC 9325. A context is read-only once made; any thread may use it.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "base/c_ptr.h"
#include "base/result.h"

namespace tlspolicyd {

using SslCtxPtr = CPtr<SSL_CTX, SSL_CTX_free>;

// Both empty: the system's. Otherwise only what is named here is trusted.
struct TrustAnchors {
  std::string ca_file;  // PEM, one or more certificates
  std::string ca_path;  // directory with hashed names (openssl rehash)
  friend bool operator==(const TrustAnchors&, const TrustAnchors&) = default;
};

// Fails in words that name the file and the cure. Reads files: not on the answer loop.
[[nodiscard]] Result<SslCtxPtr> make_tls_context(const TrustAnchors& anchors);

// Where the system keeps its anchors; SSL_CERT_FILE and SSL_CERT_DIR count.
[[nodiscard]] TrustAnchors system_anchors();

}  // namespace tlspolicyd
