// Remote octets inside messages for people: the reasons that sts/ and postfix/ give are
// read aloud, so they name what cannot be seen. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tlspolicyd {

// In double quotes, printable, and cut with "..." after `cap` octets.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t cap = 80);

// That `text` was refused: in quotes, then why.
[[nodiscard]] tl::unexpected<Error> refuse(std::string_view text, std::string_view why);

// "a blank", "a comma", "the control character 0x0b", or the visible character in quotes.
[[nodiscard]] std::string octet_name(char c);

}  // namespace tlspolicyd
