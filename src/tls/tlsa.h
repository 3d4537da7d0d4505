// Whether a TLSA record is one that DANE for SMTP can use (RFC 7671 section 4, RFC 7672
// section 3.1): judged as OpenSSL, and so Postfix, will judge it. Pure.
#pragma once

#include <vector>

#include "dnsdata/dns_answer.h"

namespace tlspolicyd {

// Usage 2 or 3; selector 0 or 1; matching type 1 or 2 with a digest of just its length, or 0
// with one whole certificate (selector 0) or public key (selector 1) in DER and nothing behind,
// whose key OpenSSL knows. Whether it fits any server is not asked.
[[nodiscard]] bool is_usable(const TlsaRdata& record);

// Whether one of an answer's records is, in whatever order they come. Reading a key takes 0.2
// ms, one that was made for it 1.5 ms, and a hostile domain has room for thousands: where more
// than `reads_left` records would have to be read none is, and nobody knows (unread). What is
// read is taken off.
inline constexpr std::size_t kReadMax = 8;  // for all hosts of a next hop
enum class TlsaUse : std::uint8_t { usable, unusable, unread };
[[nodiscard]] TlsaUse use_of(const std::vector<TlsaRdata>& records, std::size_t& reads_left);

}  // namespace tlspolicyd
