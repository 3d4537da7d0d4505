// Why TLS failed, told from OpenSSL's error codes, as a fault and in words for a
// postmaster. No I/O.
#pragma once

#include <openssl/x509.h>

#include <string>

#include "fetch/https.h"

namespace tlspolicyd {

// A chain that did not verify: the X509_V_ERR_ code, the certificate at fault and the leaf.
struct CertProblem {
  int code = 0;
  int depth = 0;
  const X509* at = nullptr;    // may be null
  const X509* leaf = nullptr;  // may be null
};
[[nodiscard]] FetchFailure explain_certificate(const CertProblem& problem, const std::string& host);

// An error of the TLS library, by its ERR_get_error code. `spoke_tls`: the peer's first
// octets were a TLS record; `in_chain`: it was about to send its certificates.
[[nodiscard]] FetchFailure explain_tls(unsigned long code, bool spoke_tls, bool in_chain);

}  // namespace tlspolicyd
