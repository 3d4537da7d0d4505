#include "sts/policy_reader.h"

#include <algorithm>

#include "base/text.h"
#include "sts/mx_pattern.h"
#include "sts/policy_line.h"
#include "base/quote.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kVersion = "STSv1";
constexpr std::size_t kMaxAgeDigits = 10;  // sts-policy-max-age-value

LineVerdict fine(std::string text) { return {std::move(text), {}, false}; }
LineVerdict wrong(std::string_view field, std::string text) { return {std::move(text), std::string(field), true}; }

// `mode "enforced"` or `mode`, to begin a sentence with.
std::string shown(std::string_view field, std::string_view value) {
  return std::string(field) + (value.empty() ? " without a value" : ' ' + in_quotes(value));
}

// "Max-Age" is meant to be max_age.
bool is_near_miss(std::string_view key, std::string_view known) {
  std::string folded(key);
  std::replace(folded.begin(), folded.end(), '-', '_');
  return equals_ignoring_case(folded, known);
}

}  // namespace

LineVerdict PolicyReader::read(std::string_view line) {
  ++number_;
  if (is_empty_line(line)) {  // not in the grammar, but refusing it would switch protection off
    if (empty_lines_++ == 0) first_empty_line_ = number_;
    return fine("ignored: empty line");
  }
  const auto field = read_policy_line(line);
  if (!field) return wrong("", field.error().text);
  keep_text(line);
  return read_field(field->key, field->value);
}

LineVerdict PolicyReader::read_field(std::string_view key, std::string_view value) {
  for (Known& known : known_)
    if (key == known.key) return read_known(known, value);
  return read_unknown(key, value);
}

// Section 3.2, end: of a field that may not be repeated all entries but the first are
// ignored, well formed or not. Only mx adds up.
LineVerdict PolicyReader::read_known(Known& known, std::string_view value) {
  if (known.line != 0 && known.key != "mx")
    return fine("ignored: " + std::string(known.key) + " was given in line " + std::to_string(known.line));
  if (known.line == 0) known.line = number_;
  return (this->*known.take)(value);
}

// Section 3.2, end: unknown fields are ignored. Keys are compared octet by octet.
LineVerdict PolicyReader::read_unknown(std::string_view key, std::string_view value) {
  if (value.empty()) return wrong("", "the field " + in_quotes(key) + " has no value");
  for (Known& known : known_)
    if (known.near_miss.empty() && is_near_miss(key, known.key))
      known.near_miss = "line " + std::to_string(number_) + " has " + in_quotes(key) + " instead";
  return fine("ignored: unknown field");
}

LineVerdict PolicyReader::take_version(std::string_view value) {
  if (value == kVersion) return fine("ok");
  return wrong("version", shown("version", value) + " is not known: it must be STSv1");
}

LineVerdict PolicyReader::take_mode(std::string_view value) {
  const auto mode = parse_mode(value);
  if (!mode) return wrong("mode", shown("mode", value) + " is not known: it must be enforce, testing or none");
  policy_.mode = *mode;
  return fine("ok");
}

// 1*10(DIGIT), at most 31557600. More is taken as that: refusing it would switch
// protection off.
LineVerdict PolicyReader::take_max_age(std::string_view value) {
  constexpr std::string_view kCure = ": it must be 1 to 10 digits (seconds)";
  if (!all_digits(value)) return wrong("max_age", shown("max_age", value) + " is not a number" += kCure);
  if (value.size() > kMaxAgeDigits) return wrong("max_age", shown("max_age", value) + " is too large" += kCure);
  const seconds age{*parse_decimal(value, 9'999'999'999)};
  policy_.max_age = std::min(age, kMaxMaxAge);
  if (age <= kMaxMaxAge) return fine("ok");
  clamped_ = "max_age " + std::string(value) + " is above a year and counts as " + std::to_string(kMaxMaxAge.count());
  return fine("ok: " + clamped_);
}

// Section 3.2: one pattern a line. One that no host name can match is still well formed, and
// permits nothing.
LineVerdict PolicyReader::take_mx(std::string_view value) {
  const auto pattern = parse_mx_pattern(value);
  if (!pattern) return wrong("mx", "mx " + pattern.error().text);
  if (policy_.mx.add(*pattern)) return fine("ok");
  const std::string why = in_quotes(value) + ' ' + unmatchable(*pattern) + ": no host name can match it";
  if (unmatchable_++ == 0) first_unmatchable_ = "mx " + why + " (line " + std::to_string(number_) + ')';
  return fine("ignored: " + why);
}

// A line that no longer fits is left out; shorter ones may still follow.
void PolicyReader::keep_text(std::string_view line) {
  const std::size_t between = policy_.text.empty() ? 0 : 1;
  if (policy_.text.size() + between + line.size() > kMaxPolicyText) return;
  if (between != 0) policy_.text += '\n';
  policy_.text += line;
}

bool PolicyReader::lacks(const Known& known) const {
  return known.line == 0 && (known.key != "mx" || policy_.mode != Mode::none);
}

PolicyFault PolicyReader::missing(const Known& known) const {
  std::string detail = std::string(known.key) + " is missing";
  if (known.key == "mx") detail += ": mode " + std::string(name_of(policy_.mode)) + " needs at least one mx line";
  if (!known.near_miss.empty()) detail += " (" + known.near_miss + ')';
  return {detail, 0, std::string(known.key), PolicyFlaw::other};
}

tl::expected<Policy, PolicyFault> PolicyReader::finish() const {
  if (number_ == empty_lines_) return tl::unexpected(PolicyFault{"the document is empty", 0, "", PolicyFlaw::other});
  for (const Known& known : known_)
    if (lacks(known)) return tl::unexpected(missing(known));
  return policy_;
}

std::vector<std::string> PolicyReader::notes() const {
  std::vector<std::string> notes;
  if (empty_lines_ != 0)
    notes.push_back(std::to_string(empty_lines_) + " empty line(s) where none is allowed:" + " the first is line " +
                    std::to_string(first_empty_line_));
  if (unmatchable_ != 0) {
    notes.push_back(first_unmatchable_);
    if (unmatchable_ > 1) notes.back() += ", and " + std::to_string(unmatchable_ - 1) + " more";
  }
  if (!clamped_.empty()) notes.push_back(clamped_);
  return notes;
}

}  // namespace tlspolicyd
