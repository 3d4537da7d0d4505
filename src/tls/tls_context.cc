#include "tls/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <string_view>

#include "base/text.h"
#include "tls/ca_file.h"
#include "tls/tls_library.h"

namespace tlspolicyd {
namespace {

// Octets. Public chains are below 10 KiB.
constexpr long kMaxChain = 32 * 1024;
// Intermediates between leaf and root; public chains have one to three.
constexpr int kMaxDepth = 10;
// 112 bits: RSA 2048, SHA-2. OpenSSL's own default since 3.2.
constexpr int kSecurityLevel = 2;
// The first one is the only key share sent, so that a handshake makes one key, and a cheap one.
constexpr const char* kGroups = "X25519:P-256:P-384:P-521";
// SHA-384 costs thrice what SHA-256 does where processors have instructions for the latter;
// nothing secret is fetched.
constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr std::array<unsigned char, 9> kAlpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::string env_or(const char* variable, const char* fallback) {
  const char* const value = std::getenv(variable);
  return value != nullptr ? value : fallback;
}

// What the operating system says against reading it, or "".
std::string unreadable(const std::string& path, bool directory) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::strerror(errno);
  if (directory != S_ISDIR(found.st_mode)) return directory ? "not a directory" : "not a file";
  return access(path.c_str(), directory ? R_OK | X_OK : R_OK) == 0 ? "" : std::strerror(errno);
}

// The name under which OpenSSL looks a certificate up: its subject's hash and a number.
bool is_hashed_name(std::string_view name) {
  constexpr std::size_t kHash = 8;
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return name.size() > kHash + 1 && name[kHash] == '.' && std::all_of(name.begin(), name.begin() + kHash, is_hex) &&
         std::all_of(name.begin() + kHash + 1, name.end(), is_digit);
}

bool holds_certificate(const std::string& file) {
  const CPtr<BIO, BIO_free> in(BIO_new_file(file.c_str(), "r"));
  const CPtr<X509, X509_free> found(in ? PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  return found != nullptr;
}

// OpenSSL reads such a directory only when it needs an issuer, and tells nobody that it has none.
bool has_hashed_certificate(const std::string& directory) {
  std::error_code error;
  auto at = std::filesystem::directory_iterator(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
    if (is_hashed_name(at->path().filename().string()) && holds_certificate(at->path().string())) return true;
  return false;
}

Result<void> load_file(SSL_CTX& context, const std::string& file) {
  if (const std::string why = unreadable(file, false); !why.empty())
    return fail("ca_file " + file + ": " + why +
                "; name a readable file of PEM certificates, or leave ca_file empty for the "
                "system's");
  if (SSL_CTX_load_verify_file(&context, file.c_str()) == 1) return {};
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(error)) return fail("ca_file " + file + ": " + std::strerror(ERR_GET_REASON(error)));
  if (const std::size_t line = damaged_certificate(file); line != 0)
    return fail("ca_file " + file + ": the certificate at line " + std::to_string(line) +
                " is damaged; replace or remove it, up to its END line");
  return fail("ca_file " + file +
              ": no usable PEM certificate in it; put the CA's certificate "
              "there (-----BEGIN CERTIFICATE-----)");
}

Result<void> load_path(SSL_CTX& context, const std::string& path) {
  if (const std::string why = unreadable(path, true); !why.empty())
    return fail("ca_path " + path + ": " + why +
                "; name a directory prepared with openssl rehash, or leave ca_path empty for "
                "the system's");
  if (!has_hashed_certificate(path))
    return fail("ca_path " + path +
                ": no certificate with a hashed name in it, so that no policy host would be "
                "trusted; put PEM certificates there and run: openssl rehash " +
                path);
  if (SSL_CTX_load_verify_dir(&context, path.c_str()) != 1) throw std::bad_alloc();
  return {};
}

// Not by SSL_CTX_set_default_verify_paths(), which does not tell when it could load nothing.
Result<void> load_system(SSL_CTX& context) {
  const TrustAnchors system = system_anchors();
  const bool file = load_file(context, system.ca_file).has_value();
  if (SSL_CTX_load_verify_dir(&context, system.ca_path.c_str()) != 1) throw std::bad_alloc();
  if (file || has_hashed_certificate(system.ca_path)) return {};
  return fail("no trusted CA certificates in " + system.ca_file + " or " + system.ca_path +
              "; install the package ca-certificates, or set ca_file");
}

Result<void> load(SSL_CTX& context, const TrustAnchors& anchors) {
  if (anchors == TrustAnchors()) return load_system(context);
  if (!anchors.ca_file.empty())
    if (auto loaded = load_file(context, anchors.ca_file); !loaded) return loaded;
  if (!anchors.ca_path.empty()) return load_path(context, anchors.ca_path);
  return {};
}

void set_protocol(SSL_CTX& context) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(&context, 0);
  SSL_CTX_set_security_level(&context, kSecurityLevel);
  SSL_CTX_set_ciphersuites(&context, kSuites);
  SSL_CTX_set1_groups_list(&context, kGroups);
  SSL_CTX_set_alpn_protos(&context, kAlpn.data(), kAlpn.size());
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
}

// Against peers that keep us busy or cut us short; see the fetch's own budget too.
void set_defences(SSL_CTX& context) {
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
  SSL_CTX_set_options(&context, SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
#endif
  SSL_CTX_clear_options(&context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_mode(&context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_clear_mode(&context, SSL_MODE_AUTO_RETRY);  // or one read call follows a flood for ever
  SSL_CTX_set_max_cert_list(&context, kMaxChain);
  SSL_CTX_set_verify_depth(&context, kMaxDepth);
}

}  // namespace

TrustAnchors system_anchors() {
  return {env_or(X509_get_default_cert_file_env(), X509_get_default_cert_file()),
          env_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())};
}

Result<SslCtxPtr> make_tls_context(const TrustAnchors& anchors) {
  SslCtxPtr context(SSL_CTX_new_ex(tls_library(), nullptr, TLS_client_method()));
  if (!context) throw std::bad_alloc();
  set_protocol(*context);
  set_defences(*context);
  if (const auto loaded = load(*context, anchors); !loaded) return fail(loaded.error().text);
  return context;
}

}  // namespace tlspolicyd
