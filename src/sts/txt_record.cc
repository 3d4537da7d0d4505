#include "sts/txt_record.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "base/quote.h"
#include "sts/txt_grammar.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kBeginning = "v=STSv1;";  // of a record among others

using Found = tl::expected<std::string_view, TxtFault>;

tl::unexpected<TxtFault> fault(TxtProblem problem, std::string detail) {
  return tl::unexpected(TxtFault{problem, std::move(detail)});
}

std::string why_not_taken(std::string_view record) {
  const char* why = "has the wrong version";
  if (is_blank(record.front())) why = "begins with a blank";
  if (record.front() == '"') why = "begins with a double quote";
  if (record.starts_with("v=STSv1\\")) why = "has a backslash before the semicolon";
  if (has_sts_version(record)) why = "lacks the semicolon right after the version beside other TXT records";
  return "the record " + in_quotes(record) + ' ' + why + ": it must begin with exactly " + in_quotes(kBeginning);
}

tl::unexpected<TxtFault> absent(std::span<const std::string> records) {
  if (records.empty()) return fault(TxtProblem::absent, "there is no TXT record");
  const auto near = std::find_if(records.begin(), records.end(), resembles_sts);
  if (near != records.end()) return fault(TxtProblem::absent, why_not_taken(*near));
  return fault(TxtProblem::absent, "no TXT record begins with " + in_quotes(kBeginning));
}

tl::unexpected<TxtFault> several(const std::vector<std::string_view>& records) {
  return fault(TxtProblem::several, std::to_string(records.size()) + " records begin with " + in_quotes(kBeginning) +
                                        " where exactly one is allowed: " + in_quotes(records[0]) + " and " +
                                        in_quotes(records[1]));
}

// Section 3.1: records that do not begin with "v=STSv1;" are discarded; unless exactly
// one remains there is no policy. The rule is for several records only: one alone is
// judged by the grammar, which allows blanks before the semicolon.
Found choose(std::span<const std::string> records) {
  if (records.size() == 1 && has_sts_version(records[0])) return records[0];
  std::vector<std::string_view> candidates;
  for (const std::string& record : records)
    if (record.starts_with(kBeginning)) candidates.push_back(record);
  if (candidates.empty()) return absent(records);
  if (candidates.size() > 1) return several(candidates);
  return candidates.front();
}

}  // namespace

bool resembles_sts(std::string_view record) {
  std::string dense;
  for (const char c : record.substr(0, 40))
    if (!is_blank(c) && c != '"') dense += c;
  return equals_ignoring_case(std::string_view(dense).substr(0, 5), "v=sts");
}

tl::expected<std::string, TxtFault> parse_txt_rrset(std::span<const std::string> records) {
  const auto record = choose(records);
  if (!record) return tl::unexpected(record.error());
  auto id = read_txt_record(*record);
  if (!id) return fault(TxtProblem::malformed, std::move(id.error().text));
  return *std::move(id);
}

}  // namespace tlspolicyd
