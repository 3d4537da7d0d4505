#include "view/explanation_text.h"

#include <algorithm>
#include <string_view>

#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kStepIndent = 4, kNumberWidth = 6, kVerdictWidth = 9, kReplyIndent = 12;
// A document may have 32768 lines; beyond these only the wrong ones are told.
constexpr unsigned kMostLines = 100;

std::string title_of(const Step& step, const std::string& domain) {
  const std::string host = "mta-sts." + domain;
  if (step.step == "resolver") return "resolver of this host";
  if (step.step == "txt") return "TXT record at _mta-sts." + domain;
  if (step.step == "address") return "addresses of the policy host " + host;
  if (step.step == "connect") return "connection to the policy host " + host;
  if (step.step == "tls") return "TLS with the policy host " + host;
  if (step.step == "http") return "HTTP answer of the policy host " + host;
  if (step.step == "policy") return "policy document";
  if (step.step == "mx") return "mail servers of " + domain;
  if (step.step == "dane") return "DANE for " + domain;
  if (step.step == "tlsa") return "DANE for a host of it";
  if (step.step == "resolver") return "resolver of this host";
  if (step.step == "precedence") return "DANE before MTA-STS";
  return step.step;
}

// "cert_wrong_name", as one says it.
std::string spoken(std::string word) {
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

// The rule is read out only where it was broken.
std::string step_text(const Step& step, unsigned number, const std::string& domain) {
  std::string out =
      beside(std::to_string(number) + ".", kStepIndent, title_of(step, domain) + ": " + spoken(step.result));
  if (!step.detail.empty()) out += beside("", kStepIndent, step.detail);
  if (step.cure.empty()) return out;
  return out + beside("", kStepIndent, "Fix: " + step.cure) + beside("", kStepIndent, "See " + step.rfc + ".");
}

// "     3  error     " and the line; what is to be said of it stands below, unless the
// step has said it.
std::string line_text(const PolicyLine& line, const Step& step) {
  const auto colon = line.verdict.find(": ");
  std::string number = std::to_string(line.number);
  number.insert(0, number.size() < kNumberWidth ? kNumberWidth - number.size() : 0, ' ');
  const std::string label = number + "  " + column(shown(line.verdict.substr(0, colon)), kVerdictWidth);
  const std::size_t indent = label.size() + 1;
  std::string out = beside(label, indent, line.text);
  if (colon == line.verdict.npos) return out;
  const std::string why = line.verdict.substr(colon + 2);
  return step.detail.find(why) == step.detail.npos ? out + beside("", indent, "(" + why + ")") : out;
}

std::string document_text(const std::vector<PolicyLine>& lines, const Step& step) {
  std::string out;
  std::size_t left_out = 0;
  for (const PolicyLine& line : lines) {
    if (line.number <= kMostLines || line.error) out += line_text(line, step);
    else ++left_out;
  }
  if (left_out > 0) out += beside("", kStepIndent, "and " + std::to_string(left_out) + " more lines");
  return out;
}

std::string replies_text(const Explanation& explanation) {
  return "\nReply to Postfix, by the form the map name selects:\n" +
         beside("    plain", kReplyIndent, "\"" + explanation.entry.reply + "\"") +
         beside("    TLSRPT", kReplyIndent, "\"" + explanation.reply_tlsrpt + "\"");
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  const std::string& domain = explanation.entry.domain;
  std::string out;
  unsigned number = 0;
  for (const Step& step : explanation.steps) {
    out += step_text(step, ++number, domain);
    if (step.step == "policy") out += document_text(explanation.lines, step);
  }
  return out + replies_text(explanation);
}

}  // namespace tlspolicyd
