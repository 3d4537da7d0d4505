#include "tls/ca_file.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "base/c_ptr.h"
#include "tls/cert_text.h"

namespace tlspolicyd {
namespace {

using BioPtr = CPtr<BIO, BIO_free_all>;

constexpr std::string_view kEnd = "-----END ";
// What OpenSSL takes for a certificate.
constexpr std::array<std::string_view, 3> kBegins{"-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----",
                                                  "-----BEGIN TRUSTED CERTIFICATE-----"};

bool begins(std::string_view line) {
  return std::any_of(kBegins.begin(), kBegins.end(), [&](std::string_view begin) { return line.starts_with(begin); });
}

bool is_certificate(const std::string& pem) {
  const BioPtr text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const X509Ptr certificate(text ? PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  return certificate != nullptr;
}

}  // namespace

std::size_t damaged_certificate(const std::string& path) {
  std::ifstream file(path);
  std::string line, pem;
  std::size_t number = 0, begin = 0;  // 0: outside of a certificate
  while (std::getline(file, line)) {
    ++number;
    if (begins(line)) {
      if (begin != 0) return begin;  // it has no end
      begin = number;
      pem.clear();
    }
    if (begin != 0) pem += line + "\n";
    if (begin == 0 || !line.starts_with(kEnd)) continue;
    if (!is_certificate(pem)) return begin;
    begin = 0;
  }
  return begin;
}

}  // namespace tlspolicyd
