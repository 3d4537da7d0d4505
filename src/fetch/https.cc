#include "fetch/https.h"

namespace tlspolicyd {

void take_in_late(FetchRequest& request) {
  if (!request.late || !request.late->arrived()) return;
  const std::vector<IpAddress>& more = *request.late->arrived();
  request.addresses.insert(request.addresses.end(), more.begin(), more.end());
  request.late.reset();
}

std::string_view name_of(FetchFault fault) {
  switch (fault) {
    case FetchFault::none: return "none";
    case FetchFault::refused: return "refused";
    case FetchFault::unreachable: return "unreachable";
    case FetchFault::connect_timeout: return "connect_timeout";
    case FetchFault::blocked: return "blocked";
    case FetchFault::shortage: return "shortage";
    case FetchFault::tls_version: return "tls_version";
    case FetchFault::tls_failure: return "tls_failure";
    case FetchFault::alpn: return "alpn";
    case FetchFault::cert_self_signed: return "cert_self_signed";
    case FetchFault::cert_unknown_ca: return "cert_unknown_ca";
    case FetchFault::cert_unknown_root: return "cert_unknown_root";
    case FetchFault::cert_expired: return "cert_expired";
    case FetchFault::cert_issuer_expired: return "cert_issuer_expired";
    case FetchFault::cert_not_yet_valid: return "cert_not_yet_valid";
    case FetchFault::cert_wrong_name: return "cert_wrong_name";
    case FetchFault::cert_name_only_in_cn: return "cert_name_only_in_cn";
    case FetchFault::cert_invalid: return "cert_invalid";
    case FetchFault::cert_chain_too_large: return "cert_chain_too_large";
    case FetchFault::not_http: return "not_http";
    case FetchFault::http_malformed: return "http_malformed";
    case FetchFault::header_too_large: return "header_too_large";
    case FetchFault::redirect: return "redirect";
    case FetchFault::status: return "status";
    case FetchFault::no_media_type: return "no_media_type";
    case FetchFault::media_type: return "media_type";
    case FetchFault::several_media_types: return "several_media_types";
    case FetchFault::content_encoding: return "content_encoding";
    case FetchFault::truncated: return "truncated";
    case FetchFault::too_large: return "too_large";
    case FetchFault::timeout: return "timeout";
    case FetchFault::reset: return "reset";
    case FetchFault::flood: return "flood";
    case FetchFault::displaced: return "displaced";
    case FetchFault::cancelled: return "cancelled";
  }
  return "unknown";
}

}  // namespace tlspolicyd
