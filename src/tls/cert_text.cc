#include "tls/cert_text.h"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "base/clock.h"
#include "base/text.h"

namespace tlspolicyd {
namespace {

using TextBio = CPtr<BIO, BIO_free>;
using NamesPtr = CPtr<GENERAL_NAMES, GENERAL_NAMES_free>;

// A name may be as long as the chain; nobody reads more than this.
constexpr std::size_t kMostOfName = 512;
// RFC 2253, but with a blank behind each comma, where lines may break.
constexpr unsigned long kNameForm = (XN_FLAG_RFC2253 & ~XN_FLAG_SEP_MASK) | XN_FLAG_SEP_CPLUS_SPC;
// As fetch/https.h promises.
constexpr std::size_t kMostNames = 20;

std::string text_of(const X509_NAME* name) {
  const TextBio out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, kNameForm) < 0) return {};
  char* octets = nullptr;
  const long size = BIO_get_mem_data(out.get(), &octets);
  return excerpt({octets, static_cast<std::size_t>(size)}, kMostOfName);
}

std::string text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::string date_of(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return {};
  return rfc3339(std::chrono::time_point_cast<seconds>(std::chrono::system_clock::from_time_t(timegm(&utc))));
}

}  // namespace

std::string subject_of(const X509& certificate) { return text_of(X509_get_subject_name(&certificate)); }

std::string issuer_of(const X509& certificate) { return text_of(X509_get_issuer_name(&certificate)); }

std::string not_before_of(const X509& certificate) { return date_of(X509_get0_notBefore(&certificate)); }

std::string not_after_of(const X509& certificate) { return date_of(X509_get0_notAfter(&certificate)); }

std::vector<std::string> dns_names_of(const X509& certificate, std::size_t most) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && found.size() < most; ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) found.push_back(excerpt(text_of(name->d.dNSName), kMostOfName));
  }
  return found;
}

bool has_common_name(const X509& certificate, const std::string& host) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(subject, at);
    if (equals_ignoring_case(text_of(X509_NAME_ENTRY_get_data(entry)), host)) return true;
  }
  return false;
}

void describe(const X509& leaf, FetchOutcome& outcome) {
  outcome.cert_subject = subject_of(leaf);
  outcome.cert_issuer = issuer_of(leaf);
  outcome.cert_not_after = not_after_of(leaf);
  outcome.cert_names = dns_names_of(leaf, kMostNames);
}

}  // namespace tlspolicyd
