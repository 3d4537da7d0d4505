// What a SIGHUP may change. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "config/params.h"

namespace tlspolicyd {

struct Reload {
  Config config;                                  // what runs from now on
  std::vector<const Param*> changed;              // taken over
  std::vector<const Param*> waiting_for_restart;  // differ, but stay as they are
};

[[nodiscard]] Reload plan_reload(const Config& running, const Config& fresh);

}  // namespace tlspolicyd
