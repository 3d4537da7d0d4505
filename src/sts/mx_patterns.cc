#include "sts/mx_patterns.h"

#include "base/text.h"
#include "sts/mx_pattern.h"
#include "base/quote.h"

namespace tlspolicyd {

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
