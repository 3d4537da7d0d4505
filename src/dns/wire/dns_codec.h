// The DNS wire format (RFC 1035, EDNS0 of RFC 6891), and the only user of ldns. Pure.
// Nothing here decides what an answer means: dns/dns_chain does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dnsdata/dns_answer.h"

namespace tlspolicyd {

using Octets = std::span<const std::uint8_t>;

// The registry's values that the client tells apart; EDNS may carry others.
enum class Rcode : std::uint16_t { noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4, refused = 5 };

[[nodiscard]] std::string name_of(Rcode rcode);  // "SERVFAIL", "error code 23"

struct DnsRecord {
  std::string owner;  // presentation form, as in DnsQuestion
  RrType type = RrType::txt;
  seconds ttl{0};
  Rdata rdata;
};

struct DnsMessage {
  Rcode rcode = Rcode::noerror;
  bool authentic = false;               // AD
  DnsQuestion question;                 // of the one question asked; empty where the message repeats none
  std::vector<DnsRecord> answers;       // class IN, of the types RrType names
  std::optional<seconds> negative_ttl;  // RFC 2308 section 5: the SOA's TTL or MINIMUM, the smaller
};

// A query with RD and AD (RFC 6840 section 5.7), without DO and CD; with `edns`, OPT offers
// 1232 octets. Fails for what is no name in presentation form.
[[nodiscard]] Result<std::vector<std::uint8_t>> encode_query(const DnsQuestion& question, std::uint16_t id, bool edns);

// A response with the query's id and question. An error response may leave the question out,
// as servers do that cannot read it.
[[nodiscard]] bool is_reply_to(Octets query, Octets message);

// TC is set. For messages that passed is_reply_to().
[[nodiscard]] bool is_truncated(Octets message);
[[nodiscard]] Rcode rcode_of(Octets message);  // without its extension in OPT

// The whole message, judged strictly: each count is met, each record lies within the message,
// each rdata that is handed on has its type's form and fills its length. Octets after the
// last record are ignored. TTLs of 2^31 and more count as 0 (RFC 2181 section 8).
[[nodiscard]] Result<DnsMessage> decode_message(Octets message);

}  // namespace tlspolicyd
