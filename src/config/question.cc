#include "config/question.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::array kTypes{RrType::a, RrType::aaaa, RrType::mx, RrType::ns, RrType::soa, RrType::txt, RrType::tlsa};
constexpr std::size_t kLabelMax = 63, kNameMax = 253;  // RFC 1035 section 2.3.4, as text without final dot

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMax &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

std::optional<std::string> parse_name(std::string_view text) {
  if (text == ".") return "";
  if (text.size() > 1 && text.back() == '.') text.remove_suffix(1);
  const auto labels = split(text, '.');
  if (text.size() > kNameMax || !std::all_of(labels.begin(), labels.end(), is_label)) return std::nullopt;
  return to_lower(text);
}

std::optional<RrType> parse_type(std::string_view text) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](RrType type) { return equals_ignoring_case(name_of(type), text); });
  return found == kTypes.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Result<DnsQuestion> parse_question(std::string_view text) {
  const auto quoted = [](std::string_view part) { return '"' + printable(part) + '"'; };
  const auto blank = text.find_first_of(" \t");
  const std::string_view name_text = text.substr(0, blank);
  const std::string_view type_text = blank == text.npos ? std::string_view() : trim(text.substr(blank));
  if (name_text.empty() || type_text.empty()) return fail(quoted(text) + " is not a name and a type");
  const auto name = parse_name(name_text);
  if (!name) return fail(quoted(name_text) + " is not a domain name in ASCII");
  const auto type = parse_type(type_text);
  if (!type) return fail(quoted(type_text) + " is not a type it asks for");
  return DnsQuestion{.name = *name, .type = *type};
}

std::string show_question(const DnsQuestion& question) {
  std::string text = question.name.empty() ? "." : question.name;
  return text.append(" ").append(name_of(question.type));
}

std::string question_types() {
  std::string text;
  for (const RrType type : kTypes) {
    if (!text.empty()) text += type == kTypes.back() ? " or " : ", ";
    text += name_of(type);
  }
  return text;
}

}  // namespace tlspolicyd
