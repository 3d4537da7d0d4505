#include "tls/tlsa.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/c_ptr.h"
#include "tls/cert_text.h"

namespace tlspolicyd {
namespace {

using KeyPtr = CPtr<EVP_PKEY, EVP_PKEY_free>;

// The registries' values (RFC 7218).
enum Usage : std::uint8_t { dane_ta = 2, dane_ee = 3 };
enum Selector : std::uint8_t { cert = 0, spki = 1 };
enum MatchingType : std::uint8_t { full = 0, sha2_256 = 1, sha2_512 = 2 };

constexpr std::size_t kSha256Size = 32, kSha512Size = 64;
constexpr std::size_t kDataMax = 65535;  // as RDATA could be, so that it fits a long

// All of `data` is one certificate with a key that OpenSSL knows.
bool is_certificate(std::string_view data) {
  auto at = reinterpret_cast<const unsigned char*>(data.data());
  const auto* const end = at + data.size();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(data.size())));
  return certificate && at == end && X509_get0_pubkey(certificate.get()) != nullptr;
}

// All of `data` is one SubjectPublicKeyInfo that OpenSSL knows.
bool is_public_key(std::string_view data) {
  auto at = reinterpret_cast<const unsigned char*>(data.data());
  const auto* const end = at + data.size();
  const KeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(data.size())));
  return key && at == end;
}

bool is_whole(std::uint8_t selector, std::string_view data) {
  if (data.size() > kDataMax) return false;
  const bool whole = selector == Selector::cert ? is_certificate(data) : is_public_key(data);
  ERR_clear_error();  // what went wrong here is no error of the next TLS call
  return whole;
}

bool is_known(const TlsaRdata& record) {
  return (record.usage == Usage::dane_ta || record.usage == Usage::dane_ee) &&
         (record.selector == Selector::cert || record.selector == Selector::spki);
}

bool must_be_read(const TlsaRdata& record) { return is_known(record) && record.matching_type == MatchingType::full; }

}  // namespace

bool is_usable(const TlsaRdata& record) {
  if (!is_known(record)) return false;
  switch (record.matching_type) {
    case MatchingType::full: return is_whole(record.selector, record.data);
    case MatchingType::sha2_256: return record.data.size() == kSha256Size;
    case MatchingType::sha2_512: return record.data.size() == kSha512Size;
    default: return false;
  }
}

TlsaUse use_of(const std::vector<TlsaRdata>& records, std::size_t& reads_left) {
  const auto digest = [](const TlsaRdata& record) { return !must_be_read(record) && is_usable(record); };
  if (std::any_of(records.begin(), records.end(), digest)) return TlsaUse::usable;
  const auto to_read = static_cast<std::size_t>(std::count_if(records.begin(), records.end(), must_be_read));
  if (to_read > reads_left) return TlsaUse::unread;
  reads_left -= to_read;
  return std::any_of(records.begin(), records.end(), is_usable) ? TlsaUse::usable : TlsaUse::unusable;
}

}  // namespace tlspolicyd
