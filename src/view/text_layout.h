// Text for terminals: safe characters and lines of at most 80 columns. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tlspolicyd {

inline constexpr std::size_t kColumns = 80;

// Printable ASCII stays, every other octet becomes \xNN: nothing remote reaches the
// terminal as a control sequence, and one still sees what was there. Unlike printable()
// it cuts nothing.
[[nodiscard]] std::string shown(std::string_view text);

// `text` at most `width` long; what is left out in the middle is marked "...", and more
// of the end is kept than of the beginning, because the end tells domains apart.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

// shortened(), then filled up with blanks.
[[nodiscard]] std::string column(std::string_view text, std::size_t width);

// Lines of at most `width`, broken at blanks; a longer word behind one of the marks that part
// names, patterns and paths, or where there is none, anywhere. At least one line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// `label` (a word of ours), filled up to `indent`, then `text` wrapped beside it; a label
// without room gets its own line. Each line ends in '\n'. The text is made safe by shown().
[[nodiscard]] std::string beside(std::string_view label, std::size_t indent, std::string_view text);

// The two largest units: "6d 23h", "5m 3s", "0s". A negative span counts as its opposite.
[[nodiscard]] std::string human_span(seconds span);

// "in 6d 23h", "5m 3s ago", "now".
[[nodiscard]] std::string human_distance(WallTime then, WallTime now);

}  // namespace tlspolicyd
