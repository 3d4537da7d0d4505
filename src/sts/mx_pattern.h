// Matching of MX host names against a policy's patterns (RFC 8461 section 4.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tlspolicyd {

/// Checks an `mx` value and gives its canonical form: lower case, no root dot.
[[nodiscard]] Result<std::string> parse_mx_pattern(std::string_view value);

/// Whether `host` (A-labels, any case, with or without root dot) is covered by `pattern`
/// in canonical form. "*" stands for exactly one complete left-most label.
[[nodiscard]] bool mx_matches(std::string_view pattern, std::string_view host);

[[nodiscard]] bool any_mx_matches(const std::vector<std::string>& patterns, std::string_view host);

}  // namespace tlspolicyd
