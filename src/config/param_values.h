// What the rows of the table do: parse, show, compare and copy values by their type.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "config/params.h"

namespace tlspolicyd {

// What is wrong with a value, and what would be right.
struct Complaint {
  std::string what, cure;
};

// Parses `text` (no blanks around it) into the parameter's member of `config`, which is
// left alone if that fails.
[[nodiscard]] tl::expected<void, Complaint> assign(Config& config, const Param& param, std::string_view text);

// The value as an operator could write it; assign() reads it back as the same value.
[[nodiscard]] std::string show(const Config& config, const Param& param);
[[nodiscard]] bool same_value(const Config& a, const Config& b, const Param& param);
void copy_value(Config& to, const Config& from, const Param& param);

// What may be written: "1s to 10m", "stderr or syslog", "yes or no", ...
[[nodiscard]] std::string legal_values(const Param& param);

}  // namespace tlspolicyd
