// Prints entries one by one, as a table or as one JSON array; keeps none of them.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "cli/terminal.h"
#include "view/entry_view.h"

namespace tlspolicyd {

class Listing {
 public:
  Listing(const Terminal& terminal, bool json, WallTime now) : out_(terminal.out), json_(json), now_(now) {}

  // Both print; false when nothing more can be written.
  bool add(const EntryView& entry);
  bool add_json(std::string_view line);  // as entry_json() makes it; else it is left out
  void finish();

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  bool print(std::string_view entry);
  void begin();

  std::ostream& out_;
  bool json_;
  WallTime now_;
  std::size_t count_ = 0;
};

}  // namespace tlspolicyd
