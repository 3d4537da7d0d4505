// The TXT RRset at _mta-sts, against a second reading of the grammar of RFC 8461 section 3.1.
//
//   input: records, parted by octets 0x1e
#include "sts/txt_record.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

using Records = std::vector<std::string>;

// sts-text-record read octet by octet: what it accepts, and its first id.
class Grammar {
 public:
  explicit Grammar(std::string_view text) : text_(text) {}

  bool accepts() {
    if (!word("v=STSv1") || !delimiter()) return false;
    do {
      if (!field()) return false;
      if (at_ == text_.size()) return seen_id_;
      if (!delimiter()) return false;
    } while (at_ < text_.size());
    return seen_id_;
  }
  [[nodiscard]] std::string_view id() const { return id_; }

 private:
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  template <typename Good>
  std::string_view run(Good good) {
    const auto from = at_;
    while (at_ < text_.size() && good(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  // *WSP ";" *WSP
  bool delimiter() {
    static_cast<void>(run(is_blank));
    if (!word(";")) return false;
    static_cast<void>(run(is_blank));
    return true;
  }
  bool field() {
    const auto name = run([](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; });
    if (name.empty() || name.size() > 32 || !is_alnum(name.front()) || !word("=")) return false;
    const bool is_id = name == "id" && !seen_id_;
    const auto value = run([](char c) { return c > ' ' && c <= '~' && c != ';' && c != '='; });
    if (value.empty()) return false;
    if (!is_id) return true;
    seen_id_ = true;
    id_ = value;
    return value.size() <= 32 && std::all_of(value.begin(), value.end(), is_alnum);
  }
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }

  std::string_view text_;
  std::size_t at_ = 0;
  bool seen_id_ = false;
  std::string_view id_;
};

void check_one(const std::string& record) {
  const auto id = parse_txt_rrset(std::span(&record, 1));
  Grammar grammar(record);
  require(id.has_value() == grammar.accepts(), "one record is taken if the grammar has it");
  if (id) require(*id == grammar.id(), "its id is the grammar's");
}

void check_all(const Records& records) {
  const auto id = parse_txt_rrset(records);
  if (!id) require(fuzz::is_printable(id.error().detail) && id.error().detail.size() < 600, "a fault can be shown");
  const Records reversed(records.rbegin(), records.rend());
  const auto other = parse_txt_rrset(reversed);
  require(id.has_value() == other.has_value() && (id ? *id == *other : id.error().problem == other.error().problem),
          "the order of records does not matter");
  Records good = records;
  std::erase_if(good, [](const std::string& record) { return !record.starts_with("v=STSv1;"); });
  if (good.size() > 1) require(!id && id.error().problem == TxtProblem::several, "two records are none");
  if (good.size() != 1 || records.size() == 1) return;
  const auto alone = parse_txt_rrset(good);
  require(id.has_value() == alone.has_value() && (!id || *id == *alone), "foreign records do not matter");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  Records records;
  while (!input.empty()) records.emplace_back(input.until('\x1e'));
  for (const std::string& record : records) check_one(record);
  check_all(records);
  return 0;
}
