// What --cache and --status read back from a control socket, and show.
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "view/entry_json.h"
#include "view/entry_text.h"
#include "view/entry_view.h"
#include "view/status_json.h"
#include "view/status_text.h"
#include "view/status_view.h"
#include "view/text_layout.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

constexpr WallTime kNow{seconds(1'800'000'000)};

void check_text(std::string_view text) {
  require(text.ends_with('\n'), "whole lines");
  for (const std::string_view line : split(text, '\n'))
    require(fuzz::is_printable(line) && line.size() <= kColumns, "lines fit a terminal and do it no harm");
}

void check_entry(std::string_view line) {
  const auto entry = parse_entry_json(line);
  if (!entry) return require(fuzz::is_printable(entry.error().text), "a reason can be shown");
  const std::string json = entry_json(*entry);
  require(fuzz::is_printable(json), "JSON in one line of ASCII");
  const auto again = parse_entry_json(json);
  require(again && entry_json(*again) == json, "what is written is read back");
  check_text(entry_text(*entry, kNow));
  check_text(entry_table_row(*entry, kNow));
}

void check_status(std::string_view line) {
  const auto status = parse_status_json(line);
  if (!status) return require(fuzz::is_printable(status.error().text), "a reason can be shown");
  const std::string json = status_json(*status);
  require(fuzz::is_printable(json), "JSON in one line of ASCII");
  const auto again = parse_status_json(json);
  require(again && status_json(*again) == json, "what is written is read back");
  check_text(status_text(*status, kNow));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line = fuzz::Input(data, size).rest();
  check_entry(line);
  check_status(line);
  return 0;
}
