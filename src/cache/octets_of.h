// Memory an entry takes. Pure.
#pragma once

#include <cstddef>

#include "sts/entry.h"

namespace tlspolicyd {

// What an entry costs, all told, in octets: an estimate that errs upward.
[[nodiscard]] std::size_t octets_of(const Entry& entry);

}  // namespace tlspolicyd
