// The status as JSON, and back. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "view/status_view.h"

namespace tlspolicyd {

// One line of JSON without the line's end: the fixed shape of `--status --json`, which also goes
// over the control socket.
[[nodiscard]] std::string status_json(const StatusView& status);
[[nodiscard]] Result<StatusView> parse_status_json(std::string_view line);

}  // namespace tlspolicyd
