// What an operator probably meant, for the messages about a fault. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/listen_address.h"

namespace tlspolicyd {

// The parameter whose name is closest to `name`. Empty: none is close.
[[nodiscard]] std::string_view nearest_parameter(std::string_view name);

// Where a comment begins that stands behind a value, npos if there is none. No legal value
// has a '#' at its begin or after a blank.
[[nodiscard]] std::size_t comment_in(std::string_view value);

// `value` without the quotes around it; without data() if there are none.
[[nodiscard]] std::string_view within_quotes(std::string_view value);

// 's' for "sec", 'm' for "minutes" and so on; 0 for anything else.
[[nodiscard]] char unit_for(std::string_view word);

// The first element that cannot be bound because an earlier one has its address, as far as
// that shows without resolving names. Empty: none.
[[nodiscard]] std::string repeated_listener(const std::vector<ListenAddress>& listen);

// The first element that is on all addresses of the host. Empty: none.
[[nodiscard]] std::string wildcard_listener(const std::vector<ListenAddress>& listen);

// What an editor put before the text, such as "a UTF-8 byte order mark". Empty: nothing.
[[nodiscard]] std::string_view byte_order_mark(std::string_view text);

}  // namespace tlspolicyd
