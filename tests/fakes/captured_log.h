// A log that remembers.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"

namespace tlspolicyd {

class CapturedLog final : public Logger {
 public:
  [[nodiscard]] bool enabled(LogLevel) const override { return true; }
  void write(LogLevel level, const std::string& text) override { lines.emplace_back(level, text); }

  // Lines at `level` that hold `part`.
  [[nodiscard]] std::size_t count(LogLevel level, std::string_view part) const {
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
      return line.first == level && line.second.find(part) != std::string::npos;
    }));
  }

  std::vector<std::pair<LogLevel, std::string>> lines;
};

}  // namespace tlspolicyd
