// MX host patterns for tests, written as a list.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "sts/mx_pattern.h"

namespace tlspolicyd {

inline MxPatterns patterns(const std::vector<std::string>& values) {
  MxPatterns made;
  for (const std::string& value : values)
    if (const auto added = made.add(value); !added) throw std::invalid_argument(added.error().text);
  return made;
}

}  // namespace tlspolicyd
