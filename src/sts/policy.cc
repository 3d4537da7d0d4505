#include "sts/policy.h"

#include "sts/policy_line.h"
#include "sts/policy_reader.h"

namespace tlspolicyd {

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::enforce: return "enforce";
    case Mode::testing: return "testing";
    case Mode::none: break;
  }
  return "none";
}

std::optional<Mode> parse_mode(std::string_view word) {
  for (const Mode mode : {Mode::enforce, Mode::testing, Mode::none})
    if (word == name_of(mode)) return mode;
  return std::nullopt;
}

PolicyReading parse_policy(std::string_view document) {
  PolicyReader reader;
  unsigned number = 0;
  for (const std::string_view line : policy_lines(document)) {
    ++number;
    LineVerdict verdict = reader.read(line);
    if (!verdict.error) continue;
    std::string detail = "line " + std::to_string(number) + ": " + verdict.text;
    return {tl::unexpected(PolicyFault{std::move(detail), number, std::move(verdict.field), flaw_of(line)}),
            reader.notes()};
  }
  return {reader.finish(), reader.notes()};
}

std::vector<PolicyLine> explain_policy(std::string_view document) {
  PolicyReader reader;
  std::vector<PolicyLine> lines;
  unsigned number = 0;
  for (const std::string_view line : policy_lines(document)) {
    LineVerdict verdict = reader.read(line);
    if (verdict.error) verdict.text.insert(0, "error: ");
    lines.push_back({++number, std::string(line), std::move(verdict.text), verdict.error});
  }
  return lines;
}

}  // namespace tlspolicyd
