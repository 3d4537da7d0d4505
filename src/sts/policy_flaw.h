// What a line that is no field of a policy was probably meant to be: each has another fix. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace tlspolicyd {

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
