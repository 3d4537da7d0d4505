// The table of parameters as people read it. Pure.
#pragma once

#include <string>

#include "config/params.h"

namespace tlspolicyd {

// For --help: name, default and meaning of each, within 80 columns.
[[nodiscard]] std::string describe_for_help();

// For -d: "name = default" lines.
[[nodiscard]] std::string describe_defaults();

// For -n: the same for what differs from the defaults, as `config` has it.
[[nodiscard]] std::string describe_changed(const Config& config);

// The parameter block of tlspolicyd.conf(5), in mdoc.
[[nodiscard]] std::string describe_for_manual();

// `text` in lines of at most `width` columns, each after `indent` blanks, cut at blanks.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace tlspolicyd
