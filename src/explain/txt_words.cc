#include "explain/txt_words.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "explain/dns_words.h"
#include "sts/txt_grammar.h"
#include "sts/txt_record.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kTxtRfc = "RFC 8461 section 3.1";
constexpr std::string_view kToken = "v=STSv1";
constexpr std::size_t kMaxId = 32;  // RFC 8461 section 3.1: letters and digits

struct TxtWords {
  std::string_view result, cure;
};

constexpr TxtWords kAbsent{"absent",
                           "To take part, publish one TXT record at _mta-sts under the domain: v=STSv1; id=20260101;"};
constexpr TxtWords kWrongVersion{"wrong_version",
                                 "Begin the record with exactly v=STSv1; (spelt so, no blanks or quotes before it)."};
constexpr TxtWords kNoSemicolon{"missing_semicolon", "Put a semicolon after v=STSv1: v=STSv1; id=20260101;"};
constexpr TxtWords kEscaped{"escaped_semicolon", "Remove the backslash before each semicolon: v=STSv1; id=20260101;"};
constexpr TxtWords kQuoted{"quoted", "Remove the double quotes from the value: the DNS software adds its own."};
constexpr TxtWords kTrailingBlank{"trailing_blank",
                                  "Remove the blank at the end of the record, or put a semicolon before it."};
constexpr TxtWords kBlankAtEquals{"blank_at_equals", "Remove the blank beside the equals sign: id=20260101"};
constexpr TxtWords kSeveral{"several",
                            "Delete all but one of the records that begin with v=STSv1; (with two, none counts)."};
constexpr TxtWords kNoId{"id_missing", "Add the field id=, with 1 to 32 letters or digits: v=STSv1; id=20260101;"};
constexpr TxtWords kIdCase{"id_case", "Write the field's name in lower case: id=20260101"};
constexpr TxtWords kBadId{"bad_id",
                          "Write 1 to 32 letters or digits after id=, nothing else: no dots, dashes or colons."};
constexpr TxtWords kBadExtension{"bad_extension",
                                 "Remove the field that has \"=\" inside its value, or write the value without it."};
constexpr TxtWords kMalformed{"malformed",
                              "Write the record as fields name=value with a semicolon between: v=STSv1; id=20260101;"};

bool begins_with_token(std::string_view record) { return record.substr(0, kToken.size()) == kToken; }

bool good_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), is_alnum);
}

// Why a record that is meant for MTA-STS does not begin as one.
TxtWords diagnose_beginning(std::string_view record) {
  if (record.starts_with('"')) return kQuoted;
  if (record.starts_with("v=STSv1\\")) return kEscaped;
  return has_sts_version(record) ? kNoSemicolon : kWrongVersion;
}

// Why the grammar refused the record, in the order in which it reads: the parser tells it
// in words only.
TxtWords diagnose(std::string_view record) {
  bool id_seen = false, other_case = false;
  std::string_view rest = record;
  if (trim(cut_piece(rest, ';')) != kToken) return kNoSemicolon;
  for (const std::string_view piece : split(rest, ';')) {
    const std::string_view field = trim(piece);
    const auto name_end = field.find('=');
    if (field.empty()) continue;
    if (name_end == field.npos || name_end == 0) return kMalformed;
    const std::string_view name = field.substr(0, name_end), value = field.substr(name_end + 1);
    if (is_blank(name.back()) || (!value.empty() && is_blank(value.front()))) return kBlankAtEquals;
    const bool is_id = name == "id" && !std::exchange(id_seen, true);
    other_case |= name != "id" && equals_ignoring_case(name, "id");
    if (is_id && !good_id(value)) return kBadId;
    if (!is_id && value.find('=') != value.npos) return kBadExtension;
  }
  if (!id_seen) return other_case ? kIdCase : kNoId;
  return is_blank(record.back()) ? kTrailingBlank : kMalformed;
}

template <typename Test>
std::string first_that(const DnsAnswer& answer, Test test) {
  for (const TxtRdata& record : records_of<TxtRdata>(answer))
    if (test(record.text)) return record.text;
  return {};
}

Step told(const TxtWords& words, std::string detail, const DnsAnswer& answer) {
  return {"txt", std::string(words.result), std::move(detail) + " (" + dns_facts(answer) + ")", std::string(kTxtRfc),
          std::string(words.cure)};
}

std::string nothing_seen(const DnsAnswer& answer) {
  if (answer.status == DnsStatus::no_name) return "the name does not exist";
  if (answer.status == DnsStatus::no_data) return "the name exists, without a TXT record";
  return std::to_string(answer.records.size()) + " TXT record(s), none of them for MTA-STS, such as \"" +
         first_that(answer, [](std::string_view) { return true; }) + "\"";
}

}  // namespace

Step txt_step(const DnsAnswer& answer, const TxtSeen& seen, const std::string& flaw) {
  const std::string record = first_that(answer, begins_with_token);
  switch (seen.state) {
    case TxtSeen::State::id:
      return {"txt", "found", "\"" + record + "\", id " + seen.id + " (" + dns_facts(answer) + ")",
              std::string(kTxtRfc), ""};
    case TxtSeen::State::absent:
      if (first_that(answer, resembles_sts).empty()) return told(kAbsent, nothing_seen(answer), answer);
      return told(diagnose_beginning(first_that(answer, resembles_sts)), flaw, answer);
    case TxtSeen::State::several: return told(kSeveral, flaw, answer);
    case TxtSeen::State::malformed: return told(diagnose(record), "\"" + record + "\": " + flaw, answer);
    case TxtSeen::State::lookup_failed: break;
  }
  return dns_failure_step("txt", "", RrType::txt, answer);
}

}  // namespace tlspolicyd
