#include "sts/txt_grammar.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "base/quote.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kMaxId = 32;       // sts-id
constexpr std::size_t kMaxExtName = 32;  // sts-ext-name

constexpr bool is_ext_name_octet(char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; }
constexpr bool is_value_octet(char c) { return c > ' ' && c <= '~' && c != '=' && c != ';'; }

struct Field {
  std::string_view name, value;
};

// sts-id: 1*32(ALPHA / DIGIT).
std::string id_flaw(std::string_view id) {
  if (id.empty()) return "the id is empty: 1 to 32 letters and digits are needed";
  const auto bad = std::find_if_not(id.begin(), id.end(), is_alnum);
  const std::string field = "the id " + in_quotes(id);
  if (bad != id.end()) return field + " holds " + octet_name(*bad) + ": only letters and digits are allowed";
  if (id.size() <= kMaxId) return {};
  return field + " is " + std::to_string(id.size()) + " characters long: 32 at most are allowed";
}

// sts-ext-name: (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".").
std::string name_flaw(std::string_view name) {
  if (name.empty()) return "a field has no name before \"=\"";
  const std::string field = "the field name " + in_quotes(name);
  const auto bad = std::find_if_not(name.begin(), name.end(), is_ext_name_octet);
  if (bad != name.end()) return field + " holds " + octet_name(*bad);
  if (!is_alnum(name.front())) return field + " begins with " + octet_name(name.front());
  if (name.size() > kMaxExtName) return field + " is longer than 32 characters";
  return {};
}

// sts-ext-value: 1*(%x21-3A / %x3C / %x3E-7E).
std::string value_flaw(const Field& field) {
  const std::string name = "the field " + in_quotes(field.name);
  if (field.value.empty()) return name + " has no value";
  const auto bad = std::find_if_not(field.value.begin(), field.value.end(), is_value_octet);
  if (bad == field.value.end()) return {};
  return name + " holds " + octet_name(*bad) + " in its value " + in_quotes(field.value) + ": that is not allowed";
}

// What stands between two semicolons. Blanks may surround a field as a whole.
Result<Field> read_field(std::string_view text) {
  text = trim(text);
  if (text.empty()) return fail("nothing stands between two semicolons");
  const auto equals = text.find('=');
  if (equals == text.npos) return fail("the field " + in_quotes(text) + " has no \"=\"");
  const Field field{text.substr(0, equals), text.substr(equals + 1)};
  if (std::string flaw = name_flaw(field.name); !flaw.empty()) return fail(std::move(flaw));
  return field;
}

tl::unexpected<Error> id_missing(std::string_view near_miss) {
  std::string detail = "the id is missing: the record needs a field id= of 1 to 32 letters and digits";
  if (!near_miss.empty()) detail += " (" + in_quotes(near_miss) + " is another field: case counts)";
  return fail(std::move(detail));
}

// The pieces between the semicolons: the first holds the version, a last one of nothing
// but blanks is the optional delimiter at the end.
Result<std::vector<std::string_view>> cut(std::string_view record) {
  const std::vector<std::string_view> pieces = split(record.substr(kTxtVersion.size()), ';');
  if (const auto stray = trim(pieces.front()); !stray.empty())
    return fail(in_quotes(stray) + " follows the version where a semicolon must");
  std::vector<std::string_view> fields(pieces.begin() + 1, pieces.end());
  if (fields.empty()) return fields;
  if (trim(fields.back()).empty()) fields.pop_back();
  else if (is_blank(fields.back().back()))
    return fail("the record ends with a blank: remove it or put a semicolon before it");
  return fields;
}

}  // namespace

bool has_sts_version(std::string_view record) {
  if (!record.starts_with(kTxtVersion)) return false;
  const std::string_view rest = record.substr(kTxtVersion.size());
  return rest.empty() || rest.front() == ';' || is_blank(rest.front());
}

// Section 3.1: sts-text-record. Of a repeated field the first counts (section 3.2, end);
// the others need only look like fields.
Result<std::string> read_txt_record(std::string_view record) {
  const auto fields = cut(record);
  if (!fields) return tl::unexpected(fields.error());
  std::optional<std::string_view> id;
  std::string_view near_miss;
  for (const std::string_view text : *fields) {
    const auto field = read_field(text);
    if (!field) return tl::unexpected(field.error());
    const bool is_id = field->name == "id" && !id;
    if (is_id) id = field->value;
    std::string flaw = is_id ? id_flaw(*id) : value_flaw(*field);
    if (!flaw.empty()) return fail(std::move(flaw));
    if (!is_id && equals_ignoring_case(field->name, "id")) near_miss = field->name;
  }
  if (!id) return id_missing(near_miss);
  return std::string(*id);
}

}  // namespace tlspolicyd
