#include "cli/listing.h"

#include "view/entry_json.h"
#include "view/entry_text.h"

namespace tlspolicyd {

bool Listing::add(const EntryView& entry) { return print(json_ ? entry_json(entry) : entry_table_row(entry, now_)); }

bool Listing::add_json(std::string_view line) {
  if (json_) return print(line);
  const auto entry = parse_entry_json(line);
  return entry ? add(*entry) : static_cast<bool>(out_);
}

bool Listing::print(std::string_view entry) {
  if (count_++ == 0) begin();
  else if (json_) out_ << ",\n";
  out_ << entry;
  return static_cast<bool>(out_);
}

// Nothing is printed before the first entry is there, so that a listing that cannot be
// made leaves no half of one.
void Listing::begin() { out_ << (json_ ? "[\n" : entry_table_head()); }

void Listing::finish() {
  if (count_ == 0) begin();
  if (json_) out_ << (count_ == 0 ? "]\n" : "\n]\n");
}

}  // namespace tlspolicyd
