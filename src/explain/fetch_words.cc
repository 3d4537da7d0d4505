#include "explain/fetch_words.h"

#include <string_view>

#include "base/text.h"

namespace tlspolicyd {
namespace {

struct FetchWords {
  std::string_view step, seen, rfc, cure;
};

constexpr std::string_view kFetch = "RFC 8461 section 3.3";
constexpr std::string_view kFullChain = "Install a certificate that the usual browsers trust, with its intermediates.";

// A filter between this host and the Internet looks like a policy host that is down. Whoever reads
// the message can find out which it is: by a second domain.
FetchWords words_before_tls(FetchFault fault) {
  switch (fault) {
    case FetchFault::refused:
      return {"connect", "connection refused", kFetch,
              "Run an HTTPS server on port 443 of the policy host, and let its firewall pass it. If other domains' "
              "policy hosts refuse, too, a firewall on the way out refuses port 443: allow outgoing TCP to port 443 "
              "from this host (tlspolicyd uses no proxy)."};
    case FetchFault::unreachable:
      return {"connect", "no route to the host", kFetch,
              "Check the addresses of the policy host. If other domains' policy hosts cannot be reached, either, check "
              "the routes of this host and allow outgoing TCP to port 443 (tlspolicyd uses no proxy)."};
    case FetchFault::blocked:
      return {"connect", "this host forbids the connection", kFetch,
              "Allow outgoing TCP to port 443 on this host: packet filter, SELinux or AppArmor, IPAddressDeny= of "
              "systemd (tlspolicyd uses no proxy)."};
    case FetchFault::shortage:
      return {"connect", "this host has no descriptor or port left for a connection", "RFC 8461 section 10.2",
              "Raise the limit of open files (LimitNOFILE) or widen net.ipv4.ip_local_port_range, or lower "
              "fetch_concurrency and max_connections."};
    default:
      return {"connect", "no answer to the connection", kFetch,
              "Let the firewall of the policy host pass port 443, or withdraw the dead address. If other domains' "
              "policy hosts do not answer, either, outgoing port 443 is blocked: allow outgoing TCP to port 443 from "
              "this host (tlspolicyd uses no proxy)."};
  }
}

FetchWords words_for_certificate(FetchFault fault) {
  switch (fault) {
    case FetchFault::cert_self_signed:
      return {"tls", "the certificate is signed by itself", kFetch,
              "Replace the self-signed certificate of the policy host by one of a public authority."};
    case FetchFault::cert_unknown_ca:
      return {"tls", "the certificate does not lead to an authority trusted here", kFetch, kFullChain};
    case FetchFault::cert_unknown_root:
      return {"tls", "the chain is complete, but its authority is not trusted on this host", kFetch,
              "If browsers trust this authority, update the trust anchors of this host (package ca-certificates, or "
              "what ca_file and ca_path name); if not, the domain needs a certificate of a public authority."};
    case FetchFault::cert_expired:
      return {"tls", "the certificate has expired", "RFC 8461 section 3.3, RFC 5280 section 4.1.2.5",
              "Renew the certificate of the policy host, and see why its renewal did not run."};
    case FetchFault::cert_issuer_expired:
      return {"tls", "the certificate of an issuer has expired", "RFC 8461 section 3.3, RFC 5280 section 6.1.3",
              "Let the server send its authority's current intermediate certificates in place of the expired one. If "
              "it sends none that has expired, update the authorities of this host (package ca-certificates)."};
    case FetchFault::cert_not_yet_valid:
      return {"tls", "the certificate is not valid yet", "RFC 8461 section 3.3, RFC 5280 section 4.1.2.5",
              "Install a certificate that is valid today; if this one should be, check the clock of this machine."};
    case FetchFault::cert_wrong_name:
      return {"tls", "the certificate is for other names", "RFC 8461 section 3.3, RFC 9525 section 6.3",
              "Get a certificate that names the policy host itself (a CNAME to a provider changes nothing)."};
    case FetchFault::cert_name_only_in_cn:
      return {"tls", "the certificate has the name in its common name only",
              "RFC 8461 section 3.3, RFC 6125 section 6.4.4",
              "Get a certificate with the policy host as a DNS name in subjectAltName; the CN does not count."};
    case FetchFault::cert_chain_too_large:
      return {"tls", "the certificate chain is longer than is accepted", "RFC 8446 section 4.4.2",
              "Send the server's certificate and its intermediates only, without anything else."};
    default:
      return {"tls", "the certificate is not valid", "RFC 8461 section 3.3, RFC 5280 section 6.1",
              "Install a server certificate of a public authority, made for TLS servers, with a modern key."};
  }
}

FetchWords words_for_tls(FetchFault fault) {
  switch (fault) {
    case FetchFault::tls_version:
      return {"tls", "no TLS version in common", "RFC 8461 section 7.2, RFC 8996",
              "Switch on TLS 1.2 or 1.3 at the policy host; older versions are out of use."};
    case FetchFault::tls_failure:
      return {"tls", "the TLS handshake failed", kFetch,
              "Check that port 443 speaks TLS and has a certificate for this name (SNI)."};
    case FetchFault::alpn:
      return {"tls", "the server refuses HTTP/1.1", "RFC 7301 section 3.2",
              "Offer http/1.1 beside h2 in the server's ALPN settings: policies are fetched by HTTP/1.1."};
    default: return words_for_certificate(fault);
  }
}

FetchWords words_for_status(int status) {
  if (status == 404 || status == 410)
    return {"http", "the document is not there", kFetch,
            "Publish the document at /.well-known/mta-sts.txt, of exactly this name, on the policy host."};
  if (status == 401 || status == 403)
    return {"http", "the document may not be read", kFetch,
            "Let everybody read /.well-known/mta-sts.txt, without a log-in, country block or robot check."};
  if (status >= 500)
    return {"http", "the server is in trouble", kFetch,
            "See the web server's error log; a policy needs the final status 200."};
  return {"http", "a status other than 200", kFetch,
          "Serve /.well-known/mta-sts.txt with status 200; no other status carries a policy."};
}

FetchWords words_for_body(FetchFault fault) {
  switch (fault) {
    case FetchFault::no_media_type:
      return {"http", "no Content-Type", "RFC 8461 section 3.2", "Send Content-Type: text/plain with the document."};
    case FetchFault::media_type:
      return {"http", "not text/plain", "RFC 8461 section 3.2",
              "Serve the document as text/plain; an HTML page is often the answer of another site on the server."};
    case FetchFault::several_media_types:
      return {"http", "more than one Content-Type", "RFC 8461 section 3.2",
              "Send one Content-Type, text/plain. In nginx, add_header adds a second one: remove it, and write "
              "default_type text/plain; in its place."};
    case FetchFault::content_encoding:
      return {"http", "the document is compressed", "RFC 9110 section 8.4",
              "Switch compression off for this document where the client did not ask for it."};
    case FetchFault::truncated:
      return {"http", "the connection ended before the document did", "RFC 8461 section 3.3, RFC 9112 section 8",
              "Correct Content-Length or the chunked coding, and let the server end TLS properly (close_notify)."};
    default:
      return {"http", "the document is larger than 64 KiB", kFetch,
              "Serve the policy alone: a few lines, never more than 65536 octets."};
  }
}

FetchWords words_for_http(const FetchOutcome& outcome) {
  switch (outcome.fault) {
    case FetchFault::not_http:
      return {"http", "the answer is not HTTP", "RFC 9112 section 4",
              "Run a web server on port 443 of the policy host, not another service."};
    case FetchFault::http_malformed:
      return {"http", "the answer breaks the rules of HTTP/1.1", "RFC 9112 section 6.3",
              "Look for a script or proxy that writes its own headers, or two lengths for one body."};
    case FetchFault::header_too_large:
      return {"http", "the answer's header is longer than 32 KiB", "RFC 9110 section 5.4",
              "Send fewer and shorter header fields with this document; cookies are not needed."};
    case FetchFault::redirect:
      return {"http", "a redirect, which must not be followed", kFetch,
              "Serve the document at this very address, without a redirect (exempt it from site-wide ones)."};
    case FetchFault::status: return words_for_status(outcome.status);
    default: return words_for_body(outcome.fault);
  }
}

// What can happen at any time belongs to the stage that had been reached.
FetchWords words_for_any_time(const FetchOutcome& outcome) {
  const std::string_view stage = outcome.tls_version.empty() ? "tls" : "http";
  switch (outcome.fault) {
    case FetchFault::timeout:
      return {stage, "the fetch took too long", kFetch,
              "Make the web server answer faster: the whole document must arrive within a minute."};
    case FetchFault::reset:
      return {stage, "the server broke the connection off", kFetch,
              "See why the server or a firewall before it resets connections to port 443."};
    case FetchFault::flood:
      return {stage, "the server sent far more than a document needs", "RFC 8461 section 10.2",
              "Look for a server that sends TLS messages without end; a plain web server does not."};
    case FetchFault::displaced:
      return {stage, "no room to fetch in time", kFetch,
              "Nothing to mend at the domain: many policy hosts are slow or silent. Ask again in a minute; "
              "where it lasts raise fetch_concurrency."};
    default: return {stage, "given up before the end", kFetch, "Nothing to mend: ask again."};
  }
}

FetchWords words_for(const FetchOutcome& outcome) {
  switch (outcome.fault) {
    case FetchFault::none: return {"http", "the document", kFetch, ""};
    case FetchFault::refused:
    case FetchFault::unreachable:
    case FetchFault::connect_timeout:
    case FetchFault::blocked:
    case FetchFault::shortage: return words_before_tls(outcome.fault);
    case FetchFault::tls_version:
    case FetchFault::tls_failure:
    case FetchFault::alpn:
    case FetchFault::cert_self_signed:
    case FetchFault::cert_unknown_ca:
    case FetchFault::cert_unknown_root:
    case FetchFault::cert_expired:
    case FetchFault::cert_issuer_expired:
    case FetchFault::cert_not_yet_valid:
    case FetchFault::cert_wrong_name:
    case FetchFault::cert_name_only_in_cn:
    case FetchFault::cert_invalid:
    case FetchFault::cert_chain_too_large: return words_for_tls(outcome.fault);
    case FetchFault::not_http:
    case FetchFault::http_malformed:
    case FetchFault::header_too_large:
    case FetchFault::redirect:
    case FetchFault::status:
    case FetchFault::no_media_type:
    case FetchFault::media_type:
    case FetchFault::several_media_types:
    case FetchFault::content_encoding:
    case FetchFault::truncated:
    case FetchFault::too_large: return words_for_http(outcome);
    case FetchFault::timeout:
    case FetchFault::reset:
    case FetchFault::flood:
    case FetchFault::displaced:
    case FetchFault::cancelled: break;
  }
  return words_for_any_time(outcome);
}

bool about_certificate(FetchFault fault) {
  return fault >= FetchFault::cert_self_signed && fault <= FetchFault::cert_invalid;
}

// Where what is told of the certificate or the answer leaves nothing for the client's own words.
bool says_all(FetchFault fault) {
  switch (fault) {
    case FetchFault::cert_self_signed:
    case FetchFault::cert_expired:
    case FetchFault::cert_wrong_name:
    case FetchFault::cert_name_only_in_cn:
    case FetchFault::redirect:
    case FetchFault::status:
    case FetchFault::no_media_type:
    case FetchFault::media_type: return true;
    default: return false;
  }
}

std::string certificate(const FetchOutcome& outcome) {
  std::string out = "certificate for " + (outcome.cert_names.empty() ? "no DNS name" : join(outcome.cert_names, ", "));
  if (!outcome.cert_subject.empty()) out += "; subject " + outcome.cert_subject;
  if (!outcome.cert_issuer.empty()) out += "; issued by " + outcome.cert_issuer;
  if (!outcome.cert_not_after.empty()) out += "; valid until " + outcome.cert_not_after;
  return out;
}

std::string url(const std::string& host) { return "https://" + host + "/.well-known/mta-sts.txt"; }

std::string answer(const FetchOutcome& outcome) {
  std::string out;
  if (outcome.status != 0) out += ", status " + std::to_string(outcome.status);
  if (!outcome.content_type.empty() && outcome.fault != FetchFault::several_media_types)
    out += ", Content-Type " + outcome.content_type;
  if (!outcome.location.empty()) out += ", Location " + outcome.location;
  return out;
}

std::string attempts(const FetchOutcome& outcome) {
  if (!outcome.attempts.empty()) return " (" + join(outcome.attempts, "; ") + ")";
  return outcome.address.empty() ? "" : " (" + outcome.address + ")";
}

std::string seen(const FetchOutcome& outcome, const FetchWords& words, const std::string& host) {
  const std::string fault(words.seen);
  if (outcome.fault == FetchFault::none)
    return url(host) + answer(outcome) + ", " + std::to_string(outcome.body.size()) + " octets";
  if (words.step == "http") return url(host) + ": " + fault + answer(outcome);
  return fault + (about_certificate(outcome.fault) ? "; " + certificate(outcome) : attempts(outcome));
}

}  // namespace

std::optional<Step> tls_step(const FetchOutcome& outcome) {
  if (outcome.tls_version.empty() || words_for(outcome).step != "http") return std::nullopt;
  return Step{"tls", "ok",
              outcome.address + ": " + outcome.tls_version + ", " + outcome.tls_cipher + "; " + certificate(outcome),
              std::string(kFetch), ""};
}

Step fetch_step(const FetchOutcome& outcome, const std::string& host) {
  const FetchWords words = words_for(outcome);
  Step step{std::string(words.step), "ok", seen(outcome, words, host),
            std::string(outcome.rfc.empty() ? words.rfc : outcome.rfc), std::string(words.cure)};
  if (outcome.fault == FetchFault::none) return step;
  step.result = outcome.fault == FetchFault::status ? "http_" + std::to_string(outcome.status)
                                                    : std::string(name_of(outcome.fault));
  const bool told = says_all(outcome.fault) || step.detail.find(outcome.detail) != step.detail.npos;
  if (!told) step.detail += ": " + outcome.detail;
  return step;
}

bool may_pass(const FetchOutcome& outcome) {
  switch (outcome.fault) {
    case FetchFault::unreachable:
    case FetchFault::connect_timeout:
    case FetchFault::shortage:
    case FetchFault::timeout:
    case FetchFault::reset:
    case FetchFault::displaced:
    case FetchFault::cancelled: return true;
    case FetchFault::status: return outcome.status >= 500 || outcome.status == 408 || outcome.status == 429;
    default: return false;
  }
}

}  // namespace tlspolicyd
