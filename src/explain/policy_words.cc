#include "explain/policy_words.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kPolicyRfc = "RFC 8461 section 3.2";
// Below it enforcement lapses between two mails of a quiet correspondence.
constexpr seconds kShortMaxAge{86'400};

struct PolicyWords {
  std::string_view field, missing, missing_cure, wrong, wrong_cure;
};

constexpr PolicyWords kWords[] = {
    {"version", "version_missing", "Add the line version: STSv1", "version_wrong",
     "Write exactly version: STSv1 (only the v is small)."},
    {"mode", "mode_missing", "Add the line mode: enforce (or testing, or none).", "mode_unknown",
     "Write one of mode: enforce, mode: testing or mode: none, in lower case."},
    {"max_age", "max_age_missing", "Add a line such as max_age: 604800 (seconds; a week or more).", "max_age_bad",
     "Write max_age as plain digits: seconds, a week (604800) to a year (31557600)."},
    {"mx", "mx_missing", "Add one line mx: for each mail server name, as the MX records have it.", "mx_pattern",
     "Write one host name to an mx line, letters, digits and hyphens only, or *.domain for all "
     "hosts one label below; international names as A-labels (xn--)."},
};
constexpr PolicyWords kWhole{"", "not_a_policy", "Serve a text file with one name: value on each line, in UTF-8.",
                             "line_malformed",
                             "Write each line as name: value, without blanks before the name or the colon."};

struct FlawWords {
  PolicyFlaw flaw;
  std::string_view result, cure;
};

constexpr FlawWords kFlaws[] = {
    {PolicyFlaw::byte_order_mark, "byte_order_mark", "Save the file as UTF-8 without a byte order mark (BOM)."},
    {PolicyFlaw::carriage_return, "carriage_return",
     "End each line with LF or CR LF: a carriage return alone ends no line."},
    {PolicyFlaw::comment, "comment", "Remove the comment: a policy has none."},
    {PolicyFlaw::web_page, "web_page", "Serve the policy as a text file at this address: this is a web page."},
    {PolicyFlaw::txt_record, "txt_record",
     "Serve the policy here, with version, mode, max_age and mx: the record v=STSv1 belongs in DNS."},
    {PolicyFlaw::one_line, "one_line", "Write each field on a line of its own: version, mode, max_age and every mx."},
    {PolicyFlaw::equals_sign, "equals_sign", "Write a colon in place of the equals sign: mode: enforce"},
    {PolicyFlaw::no_colon, "missing_colon", "Write the line as name: value, or remove it."},
};

const FlawWords* words_for(PolicyFlaw flaw) {
  const auto found =
      std::find_if(std::begin(kFlaws), std::end(kFlaws), [=](const FlawWords& each) { return each.flaw == flaw; });
  return found == std::end(kFlaws) ? nullptr : found;
}

constexpr std::string_view kTooLarge = "max_age_too_large",
                           kTooLargeCure = "Write max_age: 31557600 (a year) at most; 604800 is a week.";

constexpr std::string_view
    kUnmatchable = "mx_unmatchable",
    kUnmatchableCure = "Write the mail server's name, as the MX record has it, in place of the address or number.";

const PolicyWords& words_for(std::string_view field) {
  for (const PolicyWords& words : kWords)
    if (words.field == field) return words;
  return kWhole;
}

std::string summary(const Policy& policy, const std::vector<std::string>& notes) {
  std::string out = "mode " + std::string(name_of(policy.mode)) + ", max_age " +
                    std::to_string(policy.max_age.count()) + " s, mx " +
                    (policy.mx.empty() ? "(none)" : join(policy.mx.list(), ", "));
  for (const std::string& note : notes) out += "; " + note;
  return out;
}

bool is_about(const std::vector<std::string>& notes, std::string_view field) {
  return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) { return note.starts_with(field); });
}

}  // namespace

Step policy_step(const PolicyFault& fault) {
  if (const FlawWords* flaw = words_for(fault.flaw))
    return {"policy", std::string(flaw->result), fault.detail, std::string(kPolicyRfc), std::string(flaw->cure)};
  const PolicyWords& words = words_for(fault.field);
  const bool missing = fault.line == 0;
  if (fault.field == "max_age" && fault.detail.find("too large") != fault.detail.npos)
    return {"policy", std::string(kTooLarge), fault.detail, std::string(kPolicyRfc), std::string(kTooLargeCure)};
  return {"policy", std::string(missing ? words.missing : words.wrong), fault.detail, std::string(kPolicyRfc),
          std::string(missing ? words.missing_cure : words.wrong_cure)};
}

Step policy_step(const Policy& policy, const std::vector<std::string>& notes) {
  Step step{"policy", "ok", summary(policy, notes), std::string(kPolicyRfc), ""};
  if (is_about(notes, "mx ")) {
    step.result = kUnmatchable;
    step.cure = kUnmatchableCure;
  } else if (is_about(notes, "max_age ")) {
    step.result = kTooLarge;
    step.cure = kTooLargeCure;
  } else if (policy.max_age < kShortMaxAge && policy.mode != Mode::none) {
    step.result = "max_age_short";
    step.cure = "Raise max_age to a week or more (604800): senders forget the policy after it.";
  }
  return step;
}

}  // namespace tlspolicyd
