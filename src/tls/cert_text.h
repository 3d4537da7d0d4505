// What a certificate says, in words for people. Judges nothing.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "base/c_ptr.h"
#include "fetch/https.h"

namespace tlspolicyd {

using X509Ptr = CPtr<X509, X509_free>;

[[nodiscard]] std::string subject_of(const X509& certificate);
[[nodiscard]] std::string issuer_of(const X509& certificate);
[[nodiscard]] std::string not_before_of(const X509& certificate);  // RFC 3339, "" if unreadable
[[nodiscard]] std::string not_after_of(const X509& certificate);
// SAN dNSNames as they stand there, at most `most`.
[[nodiscard]] std::vector<std::string> dns_names_of(const X509& certificate, std::size_t most);
// Is `host` the common name, whatever else is there?
[[nodiscard]] bool has_common_name(const X509& certificate, const std::string& host);

void describe(const X509& leaf, FetchOutcome& outcome);

}  // namespace tlspolicyd
