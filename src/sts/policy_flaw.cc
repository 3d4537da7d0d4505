#include "sts/policy_flaw.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::array<std::string_view, 4> kKeys{"version:", "mode:", "max_age:", "mx:"};

// Whether a field may begin behind `before`: at a blank or mark, or at the two characters "\n" of
// a program that wrote its string unread.
bool ends_word(std::string_view before) {
  return before.empty() || !(is_alnum(before.back()) || before.back() == '_') || before.ends_with("\\n");
}

bool holds_field(std::string_view line, std::string_view key) {
  for (auto at = line.find(key); at != line.npos; at = line.find(key, at + 1))
    if (ends_word(line.substr(0, at))) return true;
  return false;
}

bool holds_several_fields(std::string_view line) {
  return std::count_if(kKeys.begin(), kKeys.end(), [&](std::string_view key) { return holds_field(line, key); }) > 1;
}

bool ends_in_comment(std::string_view line) { return line.find(" #") != line.npos || line.find("\t#") != line.npos; }

}  // namespace

bool is_comment(std::string_view line) {
  return line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
}

PolicyFlaw flaw_of(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) return PolicyFlaw::byte_order_mark;
  if (line.find('\r') != line.npos) return PolicyFlaw::carriage_return;
  line = trim(line);
  if (is_comment(line)) return PolicyFlaw::comment;
  if (line.starts_with('<')) return PolicyFlaw::web_page;
  if (line.starts_with("v=STSv1")) return PolicyFlaw::txt_record;
  if (holds_several_fields(line)) return PolicyFlaw::one_line;
  if (ends_in_comment(line)) return PolicyFlaw::comment;
  if (line.find(':') != line.npos) return PolicyFlaw::other;
  return line.find('=') != line.npos ? PolicyFlaw::equals_sign : PolicyFlaw::no_colon;
}

}  // namespace tlspolicyd
