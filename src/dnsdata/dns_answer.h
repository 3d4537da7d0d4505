// DNS questions and answers as values. No wire format, no I/O: dns/wire/dns_codec makes
// them, sts/ and dane/ judge them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"

namespace tlspolicyd {

// The values are those of the registry of RR types.
enum class RrType : std::uint16_t { a = 1, ns = 2, cname = 5, soa = 6, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };

[[nodiscard]] std::string_view name_of(RrType type);  // "TXT"

// A name is in presentation form: ASCII lower case, no final dot ("" is the root);
// octets other than letters, digits, '-' and '_' inside a label are escaped as \DDD.
struct DnsQuestion {
  std::string name;
  RrType type = RrType::txt;

  friend bool operator==(const DnsQuestion&, const DnsQuestion&) = default;
};

// The character-strings of one record joined with nothing between (RFC 8461 section
// 3.1); raw octets, NUL and all.
struct TxtRdata {
  std::string text;
};
struct MxRdata {
  std::uint16_t preference = 0;
  std::string host;  // "" for the root: a null MX (RFC 7505)
};
struct AddressRdata {
  IpAddress address;
};
struct CnameRdata {
  std::string target;
};
// RFC 6698 section 2.1.
struct TlsaRdata {
  std::uint8_t usage = 0, selector = 0, matching_type = 0;
  std::string data;  // raw octets
};
struct OtherRdata {};  // asked for only because its presence tells something (NS)

using Rdata = std::variant<TxtRdata, MxRdata, AddressRdata, CnameRdata, TlsaRdata, OtherRdata>;

enum class DnsStatus : std::uint8_t {
  found,           // at least one record of the asked type
  no_data,         // the name exists, not with this type
  no_name,         // NXDOMAIN
  server_failure,  // SERVFAIL and other error codes: what a validating resolver says to a bogus answer
  timeout,         // no resolver answered in time
  unreachable,     // no resolver could be reached at all: nobody listens, or there is no route
  refused,         // a resolver does not serve this host
  tcp_failed,      // the answer is too long for UDP, and TCP brought none
  malformed,       // answers came, none made sense
  cname_loop,      // a circle, or more steps than the client follows
  overloaded,      // not asked: too many questions wait already
  not_validated,   // not asked: it needs a resolver that validates DNSSEC, and there is none
};

[[nodiscard]] std::string_view name_of(DnsStatus status);  // "no_data"

struct DnsAnswer {
  DnsStatus status = DnsStatus::timeout;
  std::vector<Rdata> records;      // of the asked type, at the end of the CNAME chain
  std::vector<std::string> chain;  // the CNAME targets followed, in order
  bool authentic = false;          // every response used had AD set, and its resolver's AD counts
  bool ad_ignored = false;         // a response had AD set, and its resolver's AD does not count
  // How long the answer may be used: the smallest TTL seen; for no_data and no_name the
  // negative TTL of RFC 2308 section 5 (0 where the SOA was missing); 0 for failures.
  seconds ttl{0};
  std::string detail;  // for failures: what happened and which resolver, for people

  // Neither an answer nor a denial.
  [[nodiscard]] bool failed() const;
};

// What the answer to a question whose answer is signed tells of the resolver.
enum class AdBit : std::uint8_t {
  trusted,      // it validates; also where it did not answer
  not_trusted,  // AD was set, but may come from anybody: RFC 7672 section 2.1.1
  missing,      // it does not validate
};

[[nodiscard]] AdBit ad_bit(const DnsAnswer& answer);

// The records of one kind, in the order of the answer.
template <typename T>
[[nodiscard]] std::vector<T> records_of(const DnsAnswer& answer) {
  std::vector<T> out;
  for (const Rdata& record : answer.records)
    if (const T* wanted = std::get_if<T>(&record)) out.push_back(*wanted);
  return out;
}

}  // namespace tlspolicyd
