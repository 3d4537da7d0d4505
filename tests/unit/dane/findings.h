// Hosts for the tests of dane/.
#pragma once

#include "dane/status.h"

namespace tlspolicyd {

// One of the findings that make this state.
inline HostFinding a_finding_of(HostState state) {
  for (std::size_t i = 0; i < kHostFindings; ++i)
    if (state_of(static_cast<HostFinding>(i)) == state) return static_cast<HostFinding>(i);
  return HostFinding::unanswered;
}

}  // namespace tlspolicyd
