// An entry as JSON, and back. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "view/entry_view.h"

namespace tlspolicyd {

// One line of JSON without the line's end; ASCII only, whatever the entry holds.
[[nodiscard]] std::string entry_json(const EntryView& entry);
[[nodiscard]] Result<EntryView> parse_entry_json(std::string_view line);

}  // namespace tlspolicyd
