// An entry for people. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "view/entry_view.h"

namespace tlspolicyd {

// A table of entries, to be printed line by line: widths do not depend on the rows.
[[nodiscard]] std::string entry_table_head();
[[nodiscard]] std::string entry_table_row(const EntryView& entry, WallTime now);

// Everything about one entry, for people.
[[nodiscard]] std::string entry_text(const EntryView& entry, WallTime now);

}  // namespace tlspolicyd
