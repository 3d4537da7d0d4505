#include "sts/mx_pattern.h"

#include <algorithm>

#include "base/quote.h"
#include "base/text.h"
#include "sts/domain.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kWildcard = "*.";
constexpr std::size_t kMaxPattern = 253;  // 255 octets on the wire; "*" stands for one octet at least

constexpr bool is_label_octet(char c) { return is_alnum(c) || c == '-'; }

// What an octet that no host name has is likely to be meant for.
std::string octet_flaw(char c) {
  switch (c) {
    case '*': return "uses \"*\" otherwise than before \".\" and a host name";
    case ':': return "holds \":\": a port or an address has no place here";
    case '[': return "is an address literal: a host name is needed";
    case ' ':
    case '\t':
    case ',': return "holds " + octet_name(c) + ": each pattern needs an mx line of its own";
    default: break;
  }
  if (static_cast<unsigned char>(c) >= 0x80) return "is not ASCII: international names are written as A-labels (xn--)";
  return "holds " + octet_name(c) + ": a host name has letters and digits and hyphens only";
}

// LABEL of RFC 5321 section 4.1.2 (sub-domain). `value`: the whole, for the message.
Result<void> check_label(std::string_view label, std::string_view value) {
  const auto bad = std::find_if_not(label.begin(), label.end(), is_label_octet);
  if (bad != label.end()) return refuse(value, octet_flaw(*bad));
  if (label.empty()) return refuse(value, "has an empty label");
  if (label.front() == '-' || label.back() == '-')
    return refuse(value, "has a label that begins or ends with a hyphen");
  return {};
}

bool is_number(std::string_view label) { return std::all_of(label.begin(), label.end(), is_digit); }

// One whole label at the left, and the rest with its dot.
std::string_view after_first_label(std::string_view host) {
  const auto dot = host.find('.');
  return dot == 0 || dot == host.npos ? std::string_view() : host.substr(dot);
}

bool matches_ascii(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with(kWildcard)) return equals_ignoring_case(pattern, host);
  return equals_ignoring_case(pattern.substr(1), after_first_label(host));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

// RFC 8461 section 3.2: sts-policy-mx-value.
Result<std::string> parse_mx_pattern(std::string_view value) {
  if (value.empty()) return refuse(value, "is empty");
  const std::string_view pattern = without_root_dot(value);
  std::string_view rest = pattern;
  if (rest.starts_with(kWildcard)) rest.remove_prefix(kWildcard.size());
  for (const std::string_view label : split(rest, '.'))
    if (auto good = check_label(label, value); !good) return tl::unexpected(good.error());
  return to_lower(pattern);
}

const char* unmatchable(std::string_view pattern) {
  if (pattern.size() > kMaxPattern) return "is longer than a DNS name may be";
  std::string_view last;
  std::size_t labels = 0, numbers = 0;
  for (const std::string_view label : split(pattern, '.')) {
    if (label.size() > kMaxLabel) return "has a label longer than DNS allows";
    last = label;
    ++labels;
    numbers += is_number(label) ? 1 : 0;
  }
  if (!is_number(last)) return nullptr;
  return labels == 4 && numbers == 4 ? "is an IP address" : "ends in a number";
}

bool mx_matches(std::string_view pattern, std::string_view host) {
  host = without_root_dot(host);
  if (host.empty()) return false;
  if (is_ascii(host)) return matches_ascii(pattern, host);
  const auto converted = Domain::parse(host);  // U-labels (RFC 6125 section 6.4.2)
  return converted && matches_ascii(pattern, converted->text());
}

bool any_mx_matches(const std::vector<std::string>& patterns, std::string_view host) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return mx_matches(pattern, host); });
}

Result<void> MxPatterns::add(std::string_view value) {
  const auto pattern = parse_mx_pattern(value);
  if (!pattern) return tl::unexpected(pattern.error());
  if (const char* why = unmatchable(*pattern)) return fail(in_quotes(value) + ' ' + why);
  append(*pattern);
  return {};
}

void MxPatterns::append(std::string_view pattern) {
  if (!empty()) joined_ += kBetween;
  joined_ += pattern;
}

std::optional<MxPatterns> MxPatterns::parse_joined(std::string_view joined) {
  MxPatterns patterns;
  if (joined.empty()) return patterns;
  patterns.joined_.reserve(joined.size());
  for (std::string_view rest = joined; rest.data() != nullptr;) {
    const std::string_view piece = cut_piece(rest, kBetween);
    if (parse_mx_pattern(piece) != piece) return std::nullopt;
    if (unmatchable(piece) == nullptr) patterns.append(piece);
  }
  return patterns;
}

bool MxPatterns::allow(std::string_view host) const {
  // DNS has names of any octets, and a star among them would become a pattern.
  if (host.empty() || host.front() == '*' || parse_mx_pattern(host) != host) return false;
  for (std::string_view rest = joined_; !rest.empty();)
    if (mx_matches(cut_piece(rest, kBetween), host)) return true;
  return false;
}

std::vector<std::string> MxPatterns::list() const {
  std::vector<std::string> patterns;
  for (std::string_view rest = joined_; !rest.empty();) patterns.emplace_back(cut_piece(rest, kBetween));
  return patterns;
}

}  // namespace tlspolicyd
