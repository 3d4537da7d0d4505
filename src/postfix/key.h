// What `-q`, `--cache` and `--purge` are given: a key as Postfix has it in its tables. Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "postfix/next_hop.h"

namespace tlspolicyd {

// As the socketmap reads it: `domain`, `host:port`, `[host]`, `[host]:port`. Fails with the domain to
// give instead, where a mail address, a URL or the name of the TXT record names one.
[[nodiscard]] Result<NextHop> parse_key(std::string_view text);

}  // namespace tlspolicyd
