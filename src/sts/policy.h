// The policy document (RFC 8461 section 3.2). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/clock.h"
#include "sts/mx_pattern.h"
#include "sts/policy_line.h"

namespace tlspolicyd {

enum class Mode : std::uint8_t { enforce, testing, none };

[[nodiscard]] std::string_view name_of(Mode mode);
[[nodiscard]] std::optional<Mode> parse_mode(std::string_view word);  // exact, lower case

inline constexpr seconds kMaxMaxAge{31'557'600};  // section 3.2: about a year
// Of the document as fetched no more than this is kept, whole lines, for reports.
inline constexpr std::size_t kMaxPolicyText = 4096;

struct Policy {
  Mode mode = Mode::none;
  seconds max_age{0};  // 0 to kMaxMaxAge
  MxPatterns mx;       // may be empty though published: then no host is permitted
  std::string text;    // the published lines joined with "\n", at most kMaxPolicyText

  friend bool operator==(const Policy&, const Policy&) = default;
};

struct PolicyLine {
  unsigned number = 0;  // from 1
  std::string text;     // raw
  std::string verdict;  // "ok", "ignored: unknown field", "error: ...", for people
  bool error = false;
};

struct PolicyFault {
  std::string detail;                   // "line 3: mode \"enforced\" is none of enforce, testing, none"
  unsigned line = 0;                    // 0 where something is missing from the whole
  std::string field;                    // "mx", "mode", "max_age", "version", or ""
  PolicyFlaw flaw = PolicyFlaw::other;  // of that line
};

struct PolicyReading {
  tl::expected<Policy, PolicyFault> policy;
  std::vector<std::string> notes;  // tolerated oddities: blank line, mx without a host name, max_age clamped
};

/// Reads a complete document of at most 64 KiB. First occurrence of a field counts, mx
/// adds up; unknown fields are ignored; LF and CRLF end a line, nothing else does.
[[nodiscard]] PolicyReading parse_policy(std::string_view document);

/// The same document line by line with what the parser thinks of each, for `-q`.
[[nodiscard]] std::vector<PolicyLine> explain_policy(std::string_view document);

}  // namespace tlspolicyd
