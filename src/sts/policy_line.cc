#include "sts/policy_line.h"

#include <algorithm>
#include <array>

#include "base/quote.h"
#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kMaxKey = 32;  // sts-policy-ext-name

constexpr bool is_key_octet(char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; }
// The tab is a blank here.
constexpr bool is_c0_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }

// No control characters, wherever they stand; those of C1 are two octets in UTF-8.
Result<void> check_line_octets(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) return fail("begins with a byte order mark");
  const auto control = std::find_if(line.begin(), line.end(), is_c0_control);
  if (control != line.end()) return fail("holds " + octet_name(*control) + ": " + in_quotes(line));
  if (!is_utf8(line)) return fail("is not valid UTF-8: " + in_quotes(line));
  const auto c1 = std::adjacent_find(line.begin(), line.end(), [](char lead, char next) {
    return lead == '\xc2' && static_cast<unsigned char>(next) < 0xa0;
  });
  if (c1 != line.end()) return fail("holds a control character (U+0080 to U+009F): " + in_quotes(line));
  return {};
}

// sts-policy-ext-name; the four known keys are of the same form.
Result<void> check_key(std::string_view key) {
  if (key.empty()) return fail("has no field name before \":\"");
  if (is_blank(key.back())) return fail("has a blank before \":\" after " + in_quotes(trim(key)));
  const auto bad = std::find_if_not(key.begin(), key.end(), is_key_octet);
  const std::string name = "has the field name " + in_quotes(key);
  if (bad != key.end()) return fail(name + " which holds " + octet_name(*bad));
  if (!is_alnum(key.front())) return fail(name + " which begins with " + octet_name(key.front()));
  if (key.size() > kMaxKey) return fail(name + " of more than 32 characters");
  return {};
}

}  // namespace

std::vector<std::string_view> policy_lines(std::string_view document) {
  std::vector<std::string_view> lines;
  while (!document.empty()) {
    const auto feed = document.find('\n');
    std::string_view line = document.substr(0, feed);
    if (feed != document.npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    document.remove_prefix(feed == document.npos ? document.size() : feed + 1);
  }
  return lines;
}

bool is_empty_line(std::string_view line) { return trim(line).empty(); }

Result<PolicyField> read_policy_line(std::string_view line) {
  if (auto good = check_line_octets(line); !good) return tl::unexpected(good.error());
  if (!line.empty() && is_blank(line.front())) return fail("begins with a blank: " + in_quotes(line));
  if (is_comment(line)) return fail("is a comment: " + in_quotes(line));
  const auto colon = line.find(':');
  if (colon == line.npos) return fail("has no \":\" after a field name: " + in_quotes(line));
  const PolicyField field{line.substr(0, colon), trim(line.substr(colon + 1))};
  if (auto good = check_key(field.key); !good) return tl::unexpected(good.error());
  if (field.value.find('\t') != field.value.npos) return fail("holds a tab inside its value: " + in_quotes(line));
  return field;
}

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
