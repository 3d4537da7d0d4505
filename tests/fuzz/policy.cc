// The policy document.
#include "sts/policy.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sts/mx_pattern.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

constexpr std::size_t kLongestMessage = 400;  // each quotes 80 octets, some of them twice

bool is_message(std::string_view text) { return fuzz::is_printable(text) && text.size() <= kLongestMessage; }

// What people are shown must be what was decided.
void check_explained(std::string_view document, const PolicyReading& reading, const std::vector<PolicyLine>& lines) {
  unsigned number = 0, first_wrong = 0;
  std::size_t octets = 0;
  for (const PolicyLine& line : lines) {
    require(line.number == ++number && is_message(line.verdict), "each line has its number and a verdict");
    require(line.error == line.verdict.starts_with("error: "), "a verdict says that it is an error");
    octets += line.text.size() + 1;
    if (line.error && first_wrong == 0) first_wrong = line.number;
  }
  require(octets + lines.size() >= document.size() && octets <= document.size() + 1, "no line is left out");
  if (first_wrong == 0) return require(reading.policy || reading.policy.error().line == 0, "a fault without a line");
  require(!reading.policy && reading.policy.error().line == first_wrong, "the first wrong line counts");
  require("line " + std::to_string(first_wrong) + ": " + lines[first_wrong - 1].verdict.substr(7) ==
              reading.policy.error().detail,
          "both say the same");
}

std::string canonical(const Policy& policy, std::string_view line_end) {
  std::string text = "max_age: " + std::to_string(policy.max_age.count()) + std::string(line_end);
  for (const std::string& mx : policy.mx.list()) text += "mx: " + mx + std::string(line_end);
  return text + "mode:" + std::string(name_of(policy.mode)) + std::string(line_end) + "version: STSv1";
}

void check_reread(const Policy& policy) {
  if (policy.mx.empty()) return;  // where no host name can match what was published, there is no canonical form
  for (const std::string_view line_end : {"\n", "\r\n"}) {
    const auto again = parse_policy(canonical(policy, line_end)).policy;
    require(again && again->mode == policy.mode && again->mx == policy.mx && again->max_age == policy.max_age,
            "the canonical form means the same");
  }
}

// The kept text is whole published lines; where all of them fit it is the policy itself.
void check_kept_text(const Policy& policy, const std::vector<PolicyLine>& lines) {
  require(policy.text.size() <= kMaxPolicyText, "no more text is kept than allowed");
  if (policy.text.empty()) return;
  std::size_t published = 0;
  auto line = lines.begin();
  for (const std::string_view kept : split(policy.text, '\n')) {
    line = std::find_if(line, lines.end(), [&](const PolicyLine& each) { return each.text == kept; });
    require(line != lines.end(), "kept lines are published lines, in their order");
    ++line;
  }
  for (const PolicyLine& each : lines) published += each.text.size() + 1;
  if (published > kMaxPolicyText) return;
  const auto again = parse_policy(policy.text);
  require(again.policy && *again.policy == policy, "a text that is kept whole is the policy");
}

void check_policy(const Policy& policy) {
  require(policy.max_age >= seconds(0) && policy.max_age <= kMaxMaxAge, "max_age is a year at most");
  for (const std::string& mx : policy.mx.list()) {
    const auto again = parse_mx_pattern(mx);
    require(again && *again == mx && unmatchable(mx) == nullptr, "patterns are canonical and can match a host name");
    if (mx.front() != '*') require(mx_matches(mx, mx + "."), "a host name covers itself");
    else require(mx_matches(mx, "a" + mx.substr(1)) && !mx_matches(mx, "a.b" + mx.substr(1)), "a star is one label");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view document = fuzz::Input(data, size).rest();
  const PolicyReading reading = parse_policy(document);
  const auto lines = explain_policy(document);
  check_explained(document, reading, lines);
  require(reading.notes.size() <= 3, "one note for each kind");
  for (const std::string& note : reading.notes) require(is_message(note), "a note can be shown");
  if (!reading.policy) return require(is_message(reading.policy.error().detail), "a fault can be shown"), 0;
  check_policy(*reading.policy);
  check_reread(*reading.policy);
  check_kept_text(*reading.policy, lines);
  return 0;
}
