// Saves the readable rows of a broken store into a new file. Blocking, may take seconds.
#pragma once

#include <string>

#include "base/clock.h"
#include "cache/sqlite_store_db.h"

namespace tlspolicyd {

struct Salvaged {
  std::size_t rows = 0;
  std::string moved_to;  // where the broken file lies now
};

// The store must not be open in this process. On failure the broken file stays where it is.
[[nodiscard]] DbResult<Salvaged> salvage(const std::string& path, WallTime now);

}  // namespace tlspolicyd
