// An explanation for people. Pure.
#pragma once

#include <string>

#include "view/explanation_view.h"

namespace tlspolicyd {

// A numbered narrative: what was asked, what was seen, which rule, what to do about it.
[[nodiscard]] std::string explanation_text(const Explanation& explanation);

}  // namespace tlspolicyd
