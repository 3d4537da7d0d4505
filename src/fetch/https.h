// The port for the one GET of RFC 8461 section 3.3. The real one is fetch/https_client.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "event/ticket.h"
#include "fetch/late_addresses.h"

namespace tlspolicyd {

// Why a fetch brought no document. One enumerator for each fault a postmaster would
// mend in a different way.
enum class FetchFault : std::uint8_t {
  none,
  // before TLS
  refused,
  unreachable,
  connect_timeout,
  blocked,   // by this host's own packet filter or access control
  shortage,  // of this host's descriptors, ports or memory: says nothing of the policy host
  // TLS and certificate
  tls_version,
  tls_failure,
  alpn,
  cert_self_signed,
  cert_unknown_ca,
  cert_unknown_root,
  cert_expired,
  cert_issuer_expired,
  cert_not_yet_valid,
  cert_wrong_name,
  cert_name_only_in_cn,
  cert_invalid,
  cert_chain_too_large,
  // HTTP
  not_http,
  http_malformed,
  header_too_large,
  redirect,
  status,
  no_media_type,
  media_type,
  several_media_types,
  content_encoding,
  truncated,
  too_large,
  // any time
  timeout,
  reset,
  flood,
  displaced,
  cancelled,
};

[[nodiscard]] std::string_view name_of(FetchFault fault);  // "cert_expired"

// Why a fetch failed, as code and in words.
struct FetchFailure {
  FetchFault fault;
  std::string detail;         // for people, may quote remote octets
  std::string_view rfc = {};  // as FetchOutcome has it; a literal
};

// How far a fetch that is under way has come. Written by the fetch loop, read by the answer loop
// when it must choose which fetch gives way. A connection, a flight of the TLS handshake, the
// answer's header and each KiB of its body are progress; an octet now and then is none.
struct FetchProgress {
  std::atomic<std::int64_t> made_ms{0};  // SteadyTime of the last progress, in ms
  std::atomic<bool> secured{false};      // the TLS handshake has ended, with the right certificate
  // Octets still came a second after the last progress. (Session tickets come with the handshake.)
  std::atomic<bool> trickles{false};
};

struct FetchRequest {
  std::string host;                     // policy host, A-labels: SNI, certificate name, Host header
  std::vector<IpAddress> addresses;     // at least one; the families take turns, the next 250 ms after the last
  std::shared_ptr<LateAddresses> late;  // more that may come; null: `addresses` are all
  std::uint16_t port = 443;
  std::string path = "/.well-known/mta-sts.txt";
  milliseconds timeout{60'000};             // for everything from now to the last octet
  std::size_t max_body = 65536;             // octets after transfer decoding
  std::shared_ptr<FetchProgress> progress;  // may be null
};

struct FetchOutcome {
  FetchFault fault = FetchFault::timeout;
  std::string detail;        // for people; may quote remote octets
  std::string_view rfc;      // the section that was broken, where the fault alone does not tell; a literal
  std::string body;          // the complete document iff fault is none
  int status = 0;            // final HTTP status, 0 if none was read
  std::string content_type;  // as sent, "" if none
  std::string location;      // of a redirect, as sent
  std::string tls_version;   // "TLSv1.3", "" before the handshake ended
  std::string tls_cipher;
  std::string cert_subject;  // of the leaf, for people, also where it was refused
  std::string cert_issuer;
  std::string cert_not_after;           // RFC 3339, "" if unknown
  std::vector<std::string> cert_names;  // its SAN dNSNames, at most 20
  std::string address;                  // the one that answered or was tried last
  std::vector<std::string> attempts;    // "192.0.2.1: connection refused", in order
  milliseconds elapsed{0};
};

// Takes late addresses that are there in among the others.
void take_in_late(FetchRequest& request);

class Https {
 public:
  using Done = std::function<void(const FetchOutcome&)>;

  virtual ~Https() = default;
  // `done` on the loop of the caller. Destroying the ticket aborts the fetch.
  [[nodiscard]] virtual Ticket fetch(FetchRequest request, Done done) = 0;
};

}  // namespace tlspolicyd
