// What smtp(8) makes of a socketmap reply: a model of its own parser, written from
// reference/postfix-contract.md section 2 and the dictionary layers above it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace tlspolicyd {

enum class PostfixRelease { upto_3_9, from_3_10 };

// What Postfix takes from one reply. `invalid` names what makes it defer mail (4.7.5).
struct PostfixVerdict {
  bool found = false;
  std::string invalid;
  std::string level;
  std::vector<std::string> match;                              // parted at ':'
  std::map<std::string, std::vector<std::string>> attributes;  // lower-case name, values in order

  // Words in `match` that stand for other names.
  [[nodiscard]] static bool is_strategy(std::string_view match) {
    return equals_ignoring_case(match, "hostname") || equals_ignoring_case(match, "nexthop") ||
           equals_ignoring_case(match, "dot-nexthop");
  }
  [[nodiscard]] std::string only(const std::string& name) const {
    const auto at = attributes.find(name);
    return at == attributes.end() || at->second.size() != 1 ? "" : at->second.front();
  }
  [[nodiscard]] const std::vector<std::string>& all(const std::string& name) const {
    static const std::vector<std::string> none;
    const auto at = attributes.find(name);
    return at == attributes.end() ? none : at->second;
  }
};

class PostfixPolicyModel {
 public:
  explicit PostfixPolicyModel(PostfixRelease release, std::size_t max_reply_size = 100'000)
      : modern_(release == PostfixRelease::from_3_10), max_reply_size_(max_reply_size) {}

  [[nodiscard]] PostfixVerdict read(std::string_view payload) const {
    if (payload.size() > max_reply_size_) return invalid("reply too large");
    if (payload == "NOTFOUND" || payload.substr(0, 9) == "NOTFOUND ") return {};
    if (payload.substr(0, 3) != "OK ") return invalid("lookup error");
    std::string_view data = payload.substr(3);
    data = data.substr(0, data.find('\0'));
    if (data.empty()) return invalid("empty result");
    if (!is_utf8(data)) return invalid("not UTF-8");
    return read_policy(data);
  }

 private:
  static bool is_anything(std::string_view) { return true; }
  static bool is_something(std::string_view text) { return !text.empty(); }
  static bool is_number(std::string_view text) { return parse_decimal(text, UINT64_MAX).has_value(); }
  static bool is_one_of(std::string_view text, const std::vector<std::string_view>& words) {
    return std::any_of(words.begin(), words.end(), [&](auto word) { return equals_ignoring_case(text, word); });
  }
  static bool is_yes_no(std::string_view text) { return is_one_of(text, {"yes", "no"}); }
  static bool is_policy_type(std::string_view text) { return is_one_of(text, {"sts", "no-policy-found"}); }
  static bool is_failure(std::string_view text) {
    return is_one_of(text,
                     {"sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid", "validation-failure"});
  }
  // valid_hostname() of Postfix: no name of nothing but digits, underscores at will.
  static bool is_hostname(std::string_view text) {
    if (text.size() > 255 || text.find_first_not_of("0123456789.") == text.npos) return false;
    for (const auto label : split(text, '.')) {
      if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
      if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; }))
        return false;
    }
    return true;
  }
  // A star would be taken literally, and so would whatever else is no name.
  static bool is_match_list(std::string_view text) {
    const auto pieces = split(text, ':');
    return std::all_of(pieces.begin(), pieces.end(), [](std::string_view piece) {
      return is_hostname_octets(piece.starts_with('.') ? piece.substr(1) : piece);
    });
  }
  static bool is_hostname_octets(std::string_view text) {
    return is_something(text) && !text.starts_with('.') &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
  }

  using Good = bool (*)(std::string_view value);
  struct Rule {
    const char* name;
    bool once;
    bool modern;  // known since 3.10
    Good good;    // whether the value is
  };
  static constexpr std::array kRules{
      Rule{"match", false, false, is_match_list},        Rule{"servername", true, false, is_hostname},
      Rule{"ciphers", true, false, is_something},        Rule{"protocols", true, false, is_anything},
      Rule{"exclude", true, false, is_anything},         Rule{"tafile", false, false, is_something},
      Rule{"connection_reuse", false, false, is_yes_no}, Rule{"policy_type", true, true, is_policy_type},
      Rule{"policy_domain", true, true, is_hostname},    Rule{"policy_string", false, true, is_anything},
      Rule{"mx_host_pattern", false, true, is_anything}, Rule{"policy_failure", true, true, is_failure},
      Rule{"policy_ttl", true, true, is_number},
  };
  static constexpr std::array kLevels{"none", "may", "encrypt", "fingerprint", "dane", "dane-only", "verify", "secure"};

  static PostfixVerdict invalid(std::string why) {
    PostfixVerdict verdict;
    verdict.found = true;
    verdict.invalid = std::move(why);
    return verdict;
  }

  static bool separates(char c) { return c == ' ' || c == ',' || c == '\t' || c == '\r' || c == '\n'; }
  static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  // Old releases split at every separator, new ones keep balanced braces together.
  [[nodiscard]] std::vector<std::string> tokens(std::string_view text) const {
    std::vector<std::string> out;
    std::string token;
    int depth = 0;
    for (const char c : text) {
      if (depth == 0 && separates(c)) {
        if (!token.empty()) out.push_back(std::move(token));
        token.clear();
        continue;
      }
      if (modern_ && c == '{') ++depth;
      if (modern_ && c == '}' && depth > 0) --depth;
      token += c;
    }
    if (!token.empty()) out.push_back(std::move(token));
    return out;
  }

  // The end of the balanced text that begins at the first octet; 0 if there is none.
  static std::size_t balanced(std::string_view text) {
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '{') ++depth;
      if (text[at] == '}' && --depth == 0) return at + 1;
    }
    return 0;
  }

  static bool braces_match(std::string_view text) {
    int depth = 0;
    for (const char c : text) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth < 0) return false;
    }
    return depth == 0;
  }

  static std::string strip(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return std::string(text);
  }

  [[nodiscard]] PostfixVerdict read_policy(std::string_view data) const {
    PostfixVerdict verdict;
    verdict.found = true;
    const std::vector<std::string> words = tokens(data);
    if (words.empty()) return invalid("empty policy");
    verdict.level = to_lower(words.front());
    if (std::find(kLevels.begin(), kLevels.end(), verdict.level) == kLevels.end())
      return invalid("level " + words.front());
    if (verdict.level == "none") return verdict;
    for (std::size_t i = 1; i < words.size() && verdict.invalid.empty(); ++i) verdict.invalid = take(words[i], verdict);
    if (verdict.invalid.empty()) verdict.invalid = judge(verdict);
    return verdict;
  }

  [[nodiscard]] std::string take(std::string token, PostfixVerdict& verdict) const {
    // A brace that is open at the end has swallowed what follows it, one too many closes nothing.
    if (modern_ && !braces_match(token)) return "unbalanced " + token;
    if (modern_ && token.front() == '{') {
      if (balanced(token) != token.size()) return "text behind the braces in " + token;
      token = strip(std::string_view(token).substr(1, token.size() - 2));
      for (char& c : token)
        if (is_space(c)) c = ' ';
    }
    const auto equals = token.find('=');
    if (equals == token.npos) return "no '=' in " + token;
    const std::string name = to_lower(strip(std::string_view(token).substr(0, equals)));
    if (name.empty() || name.find(' ') != name.npos) return "bad name in " + token;
    return add(name, strip(std::string_view(token).substr(equals + 1)), verdict);
  }

  [[nodiscard]] std::string add(const std::string& name, std::string value, PostfixVerdict& verdict) const {
    const auto rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& known) { return name == known.name; });
    if (rule == kRules.end() || (rule->modern && !modern_)) return "unknown attribute " + name;
    if (!rule->good(value)) return "bad " + name;
    std::vector<std::string>& values = verdict.attributes[name];
    if (rule->once && !values.empty()) return "repeated " + name;
    if (name == "match") {
      if (verdict.level != "secure" && verdict.level != "verify") return "match at " + verdict.level;
      for (const auto piece : split(value, ':')) verdict.match.emplace_back(piece);
    }
    values.push_back(std::move(value));
    return "";
  }

  [[nodiscard]] static std::string judge(const PostfixVerdict& verdict) {
    const bool typed = !verdict.all("policy_type").empty();
    for (const Rule& rule : kRules)
      if (rule.modern && !typed && !verdict.all(rule.name).empty())
        return std::string(rule.name) + " without policy_type";
    // 3.10.0 to 3.10.5 dereference null here.
    if (verdict.only("policy_type") == "sts" &&
        (verdict.all("policy_string").empty() || verdict.all("mx_host_pattern").empty()))
      return "crash: policy_type=sts without policy_string or mx_host_pattern";
    return "";
  }

  bool modern_;
  std::size_t max_reply_size_;
};

}  // namespace tlspolicyd
