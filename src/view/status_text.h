// The status for people. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "view/status_view.h"

namespace tlspolicyd {

[[nodiscard]] std::string status_text(const StatusView& status, WallTime now);

}  // namespace tlspolicyd
