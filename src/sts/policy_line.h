// The line grammar of the policy document (RFC 8461 section 3.2 with erratum 6253): where
// lines end and what a field looks like. What fields mean is policy_reader.h's affair. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tlspolicyd {

// The lines without their LF or CR LF; the terminator of the last one is optional.
[[nodiscard]] std::vector<std::string_view> policy_lines(std::string_view document);

// Nothing, or nothing but blanks.
[[nodiscard]] bool is_empty_line(std::string_view line);

struct PolicyField {
  std::string_view key;
  std::string_view value;  // without the blanks around it; may be empty
};

// Fails where the line is no field at all, whatever its key; a value is checked for the
// characters that no field may have.
[[nodiscard]] Result<PolicyField> read_policy_line(std::string_view line);

enum class PolicyFlaw : std::uint8_t {
  other,            // or none
  byte_order_mark,  // at the beginning of the document
  carriage_return,  // as line end without a line feed
  comment,          // "# text", or behind a value
  web_page,         // "<!DOCTYPE html>"
  txt_record,       // "v=STSv1; id=1;"
  one_line,         // several fields on it
  equals_sign,      // "mode=enforce"
  no_colon,
};

// "#", ";" or "//" at the beginning: other file formats have comments, a policy has none.
[[nodiscard]] bool is_comment(std::string_view line);

// `line`: one that was refused, for whatever reason.
[[nodiscard]] PolicyFlaw flaw_of(std::string_view line);

}  // namespace tlspolicyd
