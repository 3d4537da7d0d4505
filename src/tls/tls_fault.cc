#include "tls/tls_fault.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/text.h"
#include "tls/cert_text.h"

namespace tlspolicyd {
namespace {

// Enough for a person to see what the certificate is for.
constexpr std::size_t kNamesShown = 5;

std::string whose(const CertProblem& problem) {
  if (problem.depth == 0 || problem.at == nullptr) return "the certificate";
  return "the issuing certificate \"" + subject_of(*problem.at) + '"';
}

FetchFailure wrong_name(const CertProblem& problem, const std::string& host) {
  const X509* const leaf = problem.leaf;
  if (leaf == nullptr) return {FetchFault::cert_wrong_name, "the certificate is not for " + host};
  const auto names = dns_names_of(*leaf, kNamesShown);
  if (!names.empty())
    return {FetchFault::cert_wrong_name, "the certificate is not for " + host + " but for " + join(names, ", ")};
  if (has_common_name(*leaf, host))
    return {FetchFault::cert_name_only_in_cn, "the certificate has " + host +
                                                  " only as common name; it must be a dNSName in "
                                                  "subjectAltName"};
  return {FetchFault::cert_wrong_name, "the certificate is not for " + host + ": it has no dNSName in subjectAltName"};
}

std::string issuer_text(const CertProblem& problem) {
  return problem.at != nullptr ? " \"" + issuer_of(*problem.at) + '"' : std::string();
}

// The server sent what stands between its certificate and the authority.
FetchFailure unknown_root(const CertProblem& problem) {
  return {FetchFault::cert_unknown_root,
          "the chain ends at the authority" + issuer_text(problem) + " which is not trusted here"};
}

std::string reason_of(unsigned long code) {
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(ERR_GET_REASON(code));
}

bool is_alert(int reason) { return reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256; }

FetchFailure too_old() { return {FetchFault::tls_version, "the server speaks only TLS versions older than 1.2"}; }

}  // namespace

FetchFailure explain_certificate(const CertProblem& problem, const std::string& host) {
  switch (problem.code) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {FetchFault::cert_self_signed, "the certificate is self-signed"};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return unknown_root(problem);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      if (problem.depth > 0) return unknown_root(problem);
      return {FetchFault::cert_unknown_ca, "the issuer" + issuer_text(problem) +
                                               " is not trusted here, or the server does not send "
                                               "its intermediate certificate"};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {problem.depth == 0 ? FetchFault::cert_expired : FetchFault::cert_issuer_expired,
              whose(problem) + " expired" + (problem.at != nullptr ? " at " + not_after_of(*problem.at) : "")};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {FetchFault::cert_not_yet_valid,
              whose(problem) + " is not valid yet" +
                  (problem.at != nullptr ? ", not before " + not_before_of(*problem.at) : "")};
    case X509_V_ERR_HOSTNAME_MISMATCH: return wrong_name(problem, host);
    default:
      return {FetchFault::cert_invalid,
              whose(problem) + " is not acceptable: " + X509_verify_cert_error_string(problem.code)};
  }
}

FetchFailure explain_tls(unsigned long code, bool spoke_tls, bool in_chain) {
  const int reason = ERR_GET_REASON(code);
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
      if (spoke_tls) return too_old();
      return {FetchFault::tls_failure, "the server does not speak TLS on this port"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return too_old();
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return {FetchFault::alpn, "the server does not offer HTTP/1.1 (ALPN), perhaps only HTTP/2"};
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
      if (!in_chain) break;
      return {FetchFault::cert_chain_too_large, "the certificate chain is larger than 32 KiB"};
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
      return {FetchFault::cert_invalid, "the certificate is not acceptable: " + reason_of(code)};
    default: break;
  }
  const std::string words = reason_of(code);
  if (is_alert(reason)) return {FetchFault::tls_failure, "the server refused with a TLS alert: " + words};
  return {FetchFault::tls_failure, "TLS error: " + words};
}

}  // namespace tlspolicyd
