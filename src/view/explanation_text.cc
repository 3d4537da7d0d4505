#include <algorithm>
#include <string_view>

#include "view/explanation_view.h"
#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kIndent = 4, kLineIndent = 18, kReplyIndent = 12;
// A document may have 32768 lines; beyond these only the wrong ones are told.
constexpr unsigned kMostLines = 100;

std::string title_of(const Step& step, const std::string& domain) {
  const std::string host = "mta-sts." + domain;
  if (step.step == "txt") return "TXT record at _mta-sts." + domain;
  if (step.step == "address") return "addresses of the policy host " + host;
  if (step.step == "connect") return "connection to the policy host " + host;
  if (step.step == "tls") return "TLS with the policy host " + host;
  if (step.step == "http") return "HTTP answer of the policy host " + host;
  if (step.step == "policy") return "policy document";
  if (step.step == "mx") return "mail servers of " + domain;
  return step.step;
}

// "cert_wrong_name", as one says it.
std::string spoken(std::string word) {
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

// The rule is read out only where it was broken.
std::string step_text(const Step& step, unsigned number, const std::string& domain) {
  std::string out = beside(std::to_string(number) + ".", kIndent, title_of(step, domain) + ": " + spoken(step.result));
  if (!step.detail.empty()) out += beside("", kIndent, step.detail);
  if (step.cure.empty()) return out;
  return out + beside("", kIndent, "Cure: " + step.cure) + beside("", kIndent, "See " + step.rfc + ".");
}

// "   3 error      " and the line; what is wrong with it stands below.
std::string line_text(const PolicyLine& line) {
  const std::string word = line.verdict.substr(0, line.verdict.find(':'));
  std::string number = std::to_string(line.number);
  number.insert(0, number.size() < kIndent ? kIndent - number.size() : 0, ' ');
  std::string out = beside(number + "  " + column(shown(word), 9), kLineIndent, line.text);
  if (word != line.verdict) out += beside("", kLineIndent, "(" + line.verdict + ")");
  return out;
}

std::string document_text(const std::vector<PolicyLine>& lines) {
  std::string out;
  std::size_t left_out = 0;
  for (const PolicyLine& line : lines) {
    if (line.number <= kMostLines || line.error) out += line_text(line);
    else ++left_out;
  }
  if (left_out > 0) out += beside("", kIndent, "and " + std::to_string(left_out) + " more lines");
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
    if (step.step == "policy") out += document_text(explanation.lines);
  }
  return out + replies_text(explanation);
}

}  // namespace tlspolicyd
