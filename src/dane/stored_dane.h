// The DANE statuses of a domain as one text column: a line a next hop,
//   <bracketed 0|1> <port> <MX state> <seen> <failing 0|1> <current until> [<host>=<finding>[@<last usable>] ...]
// Times in seconds, counted as the caller likes. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dane/hop_dane.h"

namespace tlspolicyd {

[[nodiscard]] std::string dane_text(const std::shared_ptr<const HopDanes>& known);  // "" for null

// Null for "" and for everything that dane_text() would not have written: it is then
// looked up afresh.
[[nodiscard]] std::shared_ptr<const HopDanes> parse_dane(std::string_view text);

}  // namespace tlspolicyd
