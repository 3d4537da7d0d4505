// An explanation as JSON. Pure.
#pragma once

#include <string>

#include "view/explanation_view.h"

namespace tlspolicyd {

// The entry object of --cache --json, continued. One line without its end.
[[nodiscard]] std::string explanation_json(const Explanation& explanation);

}  // namespace tlspolicyd
