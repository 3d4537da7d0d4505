// Why the store at a path cannot be used, from what lies there. Looks, changes nothing; as
// the user the process is at the time. Blocking.
#pragma once

#include <optional>
#include <string>

namespace tlspolicyd {

struct Obstacle {
  std::string what, cure;
};

// Empty: nothing in the way that shows in the file system.
[[nodiscard]] std::optional<Obstacle> store_obstacle(const std::string& path);

}  // namespace tlspolicyd
