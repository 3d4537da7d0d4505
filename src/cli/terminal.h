// Where the command line writes, and whether a person watches.
#pragma once

#include <ostream>

namespace tlspolicyd {

struct Terminal {
  std::ostream& out;        // results only
  std::ostream& err;        // complaints and progress
  bool progress = false;    // stderr is a terminal
  bool one_screen = false;  // stdout, too: a list there grows before one's eyes
};

}  // namespace tlspolicyd
