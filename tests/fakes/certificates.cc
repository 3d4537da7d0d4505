#include "fakes/certificates.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace tlspolicyd {
namespace {

void need(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

void name(X509_NAME* subject, const std::string& common_name) {
  need(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(common_name.data()),
                                  static_cast<int>(common_name.size()), -1, 0) == 1,
       "name");
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  need(extension != nullptr, value.c_str());
  need(X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

std::shared_ptr<EVP_PKEY> make_key(int rsa_bits) {
  EVP_PKEY* const key = rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(rsa_bits));
  need(key != nullptr, "key");
  return {key, EVP_PKEY_free};
}

}  // namespace

Identity make_identity(const CertSpec& spec, const Identity* issuer, std::shared_ptr<EVP_PKEY> given) {
  static std::atomic<long> serial{1};
  const Identity made{{X509_new(), X509_free}, given ? std::move(given) : make_key(spec.rsa_bits)};
  X509* const certificate = made.certificate.get();
  X509* const signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), spec.not_before);
  X509_gmtime_adj(X509_getm_notAfter(certificate), spec.not_after);
  name(X509_get_subject_name(certificate), spec.common_name);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, made.key.get());
  extend(certificate, signer, NID_basic_constraints, spec.constraints);
  extend(certificate, signer, NID_key_usage, spec.key_usage);
  extend(certificate, signer, NID_ext_key_usage, spec.extended_usage);
  extend(certificate, signer, NID_subject_alt_name, spec.alt_names);
  extend(certificate, signer, NID_name_constraints, spec.name_constraints);
  extend(certificate, signer, NID_netscape_comment, std::string(static_cast<std::size_t>(spec.bulk), 'x'));
  EVP_PKEY* const key = issuer != nullptr ? issuer->key.get() : made.key.get();
  need(X509_sign(certificate, key, EVP_get_digestbyname(spec.digest)) > 0, "signature");
  return made;
}

CertSpec ca_spec(const std::string& name) {
  return {.common_name = name,
          .alt_names = "",
          .constraints = "critical,CA:TRUE",
          .key_usage = "critical,keyCertSign,cRLSign",
          .extended_usage = ""};
}

std::string pem_of(const Identity& identity) {
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, identity.certificate.get());
  char* octets = nullptr;
  const long size = BIO_get_mem_data(out, &octets);
  const std::string text(octets, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

TempFile::TempFile(const std::string& content) : path_("/tmp/tlspolicyd-test-XXXXXX") {
  const int fd = mkstemp(path_.data());
  need(fd >= 0, "temporary file");
  close(fd);
  rewrite(content);
}

TempFile::~TempFile() { unlink(path_.c_str()); }

void TempFile::rewrite(const std::string& content) const { std::ofstream(path_, std::ios::trunc) << content; }

}  // namespace tlspolicyd
