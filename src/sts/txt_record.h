// The TXT record that announces a policy (RFC 8461 section 3.1). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace tlspolicyd {

enum class TxtProblem : std::uint8_t { absent, several, malformed };

struct TxtFault {
  TxtProblem problem;
  std::string detail;  // what is wrong with the record, for people; may quote remote octets
};

/// Finds the policy id in the TXT RRset at `_mta-sts.<domain>`.
///
/// `records`: one string per RR, its character-strings joined without a separator,
///   raw octets, in any order.
/// Returns the id: 1 to 32 letters or digits, case kept, to be compared octet by octet.
/// Fails with
///   absent     no record begins with "v=STSv1" as its version: the domain does not take part;
///   several    more than one begins with "v=STSv1;": same meaning, and discovery stops;
///   malformed  the only candidate breaks the grammar: same meaning, but counted.
/// A record alone in its RRset may put blanks before the first ";" (the grammar allows it);
/// beside others such a record is dropped.
[[nodiscard]] tl::expected<std::string, TxtFault> parse_txt_rrset(std::span<const std::string> records);

// Meant for MTA-STS, though it need not begin as such a record must: another version,
// other case, blanks or a quote in front.
[[nodiscard]] bool resembles_sts(std::string_view record);

}  // namespace tlspolicyd
