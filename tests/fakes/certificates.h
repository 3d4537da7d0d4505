// Certificates made in the test's own process: right ones and every kind of wrong one.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace tlspolicyd {

struct CertSpec {
  std::string common_name = "mta-sts.d.example";
  std::string alt_names = "DNS:mta-sts.d.example";  // as in openssl.cnf; "" for none
  std::string constraints = "CA:FALSE";
  std::string key_usage;                       // "" for none
  std::string extended_usage = "serverAuth";   // "" for none
  std::string name_constraints;                // "" for none
  long not_before = -3600, not_after = 86400;  // seconds from now
  int bulk = 0;                                // octets of a comment, to make it large
  int rsa_bits = 0;                            // 0: ECDSA P-256
  const char* digest = "SHA256";
};

struct Identity {
  std::shared_ptr<X509> certificate;
  std::shared_ptr<EVP_PKEY> key;
};

// `issuer` null: signed by itself. `key` null: one is made, as the specification wants it.
[[nodiscard]] Identity make_identity(const CertSpec& spec, const Identity* issuer = nullptr,
                                     std::shared_ptr<EVP_PKEY> key = nullptr);
[[nodiscard]] CertSpec ca_spec(const std::string& name);
[[nodiscard]] std::string pem_of(const Identity& identity);  // the certificate

// A file that goes with its owner.
class TempFile {
 public:
  explicit TempFile(const std::string& content);
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile();
  void rewrite(const std::string& content) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tlspolicyd
