// A line on the terminal that tells what takes so long. Nothing is shown within the first
// second, and nothing at all where no person watches.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/terminal.h"

namespace tlspolicyd {

class Progress {
 public:
  static constexpr milliseconds kPatience{1000}, kBetween{250};

  Progress(const Terminal& terminal, const Clock& clock, std::string what);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { erase(); }

  // Cheap: may be called for each row. `detail`: how far it got.
  void tick(std::string_view detail = {});
  void erase();  // before anything else is printed

 private:
  const Terminal& terminal_;
  const Clock& clock_;
  std::string what_;
  SteadyTime began_, next_;
  bool on_screen_ = false;
};

}  // namespace tlspolicyd
