#include "config/param_values.h"

#include <algorithm>
#include <type_traits>

#include "base/text.h"
#include "config/question.h"
#include "config/values.h"

namespace tlspolicyd {
namespace {

using Assigned = tl::expected<void, Complaint>;

std::vector<std::string_view> words_of(const Param& param) { return split(param.words, ' '); }

// "a, b or c"
std::string either(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

// The place of `text` among the words, or nothing.
Result<std::size_t> parse_word(const Param& param, std::string_view text) {
  const auto words = words_of(param);
  const auto found =
      std::find_if(words.begin(), words.end(), [&](std::string_view word) { return equals_ignoring_case(word, text); });
  if (found == words.end()) return fail('"' + printable(text) + "\" is not a value it knows");
  return static_cast<std::size_t>(found - words.begin());
}

Result<std::string> parse_text(const Param& param, std::string_view text) {
  if (param.notation == Notation::system_path && (text == "system" || text.empty())) return "";
  if (!param.words.empty())
    return parse_word(param, text).map([&](std::size_t at) { return std::string(words_of(param)[at]); });
  if (text.empty()) return "";
  if (param.notation == Notation::socket_path) return parse_socket_path(text);
  if (param.notation != Notation::word && param.notation != Notation::map_name) return parse_absolute_path(text);
  if (text.find_first_of(" \t,") != text.npos) return fail('"' + printable(text) + "\" is not one word");
  if (param.notation == Notation::map_name && text.find('@') != text.npos)
    return fail('"' + printable(text) + "\" has an @, which separates a map name from the level of the client");
  return std::string(text);
}

std::string show_number(const Param& param, std::uint64_t value) {
  if (param.notation == Notation::duration) return show_duration(seconds(value));
  if (param.notation == Notation::octal) return show_octal(static_cast<std::uint32_t>(value));
  if (param.notation == Notation::size) return show_size(value);
  return std::to_string(value);
}

Result<std::uint64_t> parse_number(const Param& param, std::string_view text) {
  if (param.notation == Notation::size) return parse_size(text);
  if (param.notation == Notation::octal)
    return parse_octal(text).map([](std::uint32_t mode) -> std::uint64_t { return mode; });
  if (param.notation == Notation::duration)
    return parse_duration(text).map([](seconds value) { return static_cast<std::uint64_t>(value.count()); });
  const auto number = parse_decimal(text, UINT64_MAX);
  if (!number) return fail('"' + printable(text) + "\" is not a whole number");
  return *number;
}

Result<std::uint64_t> parse_within(const Param& param, std::string_view text) {
  const auto number = parse_number(param, text);
  if (number && *number < static_cast<std::uint64_t>(param.min)) return fail(std::string(text) + " is too small");
  if (number && *number > static_cast<std::uint64_t>(param.max)) return fail(std::string(text) + " is too large");
  return number;
}

template <typename T>
Result<T> parse_as(const Param& param, std::string_view text) {
  if constexpr (std::is_same_v<T, std::string>) return parse_text(param, text);
  else if constexpr (std::is_same_v<T, bool>) return parse_yes_no(text);
  else if constexpr (std::is_same_v<T, std::vector<ListenAddress>>) return parse_listen(text);
  else if constexpr (std::is_same_v<T, std::vector<Resolver>>) return parse_resolvers(text);
  else if constexpr (std::is_same_v<T, DnsQuestion>) return parse_question(text);
  else if constexpr (std::is_same_v<T, CacheChoice>) return parse_cache(text);
  else if constexpr (std::is_enum_v<T>)
    return parse_word(param, text).map([](std::size_t at) { return static_cast<T>(at); });
  else return parse_within(param, text).map([](std::uint64_t number) { return static_cast<T>(number); });
}

template <typename T>
std::string show_list(const std::vector<T>& list) {
  std::vector<std::string> pieces;
  for (const T& one : list) pieces.push_back(to_text(one));
  return join(pieces, ", ");
}

template <typename T>
std::string show_as(const Param& param, const T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    return value.empty() && param.notation == Notation::system_path ? "system" : value;
  else if constexpr (std::is_same_v<T, bool>) return value ? "yes" : "no";
  else if constexpr (std::is_same_v<T, DnsQuestion>) return show_question(value);
  else if constexpr (std::is_same_v<T, CacheChoice>) return to_text(value);
  else if constexpr (std::is_enum_v<T>) return std::string(words_of(param)[static_cast<std::size_t>(value)]);
  else if constexpr (std::is_same_v<T, seconds>) return show_number(param, static_cast<std::uint64_t>(value.count()));
  else if constexpr (std::is_integral_v<T>) return show_number(param, value);
  else return show_list(value);
}

std::string numeric_limits_of(const Param& param) {
  return show_number(param, static_cast<std::uint64_t>(param.min)) + " to " +
         show_number(param, static_cast<std::uint64_t>(param.max));
}

}  // namespace

const Param* find_param(std::string_view name) {
  const auto all = params();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Param& param) { return param.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Assigned assign(Config& config, const Param& param, std::string_view text) {
  return std::visit(
      [&](auto member) -> Assigned {
        using T = std::remove_reference_t<decltype(config.*member)>;
        auto value = parse_as<T>(param, text);
        if (!value) return tl::unexpected(Complaint{value.error().text, "write " + legal_values(param)});
        config.*member = std::move(*value);
        return {};
      },
      param.field);
}

std::string show(const Config& config, const Param& param) {
  return std::visit([&](auto member) { return show_as(param, config.*member); }, param.field);
}

bool same_value(const Config& a, const Config& b, const Param& param) {
  return std::visit([&](auto member) { return a.*member == b.*member; }, param.field);
}

void copy_value(Config& to, const Config& from, const Param& param) {
  std::visit([&](auto member) { to.*member = from.*member; }, param.field);
}

std::string legal_values(const Param& param) {
  switch (param.notation) {
    case Notation::word: return param.words.empty() ? "one word, or nothing" : either(words_of(param));
    case Notation::map_name: return "one word without @, or nothing";
    case Notation::path: return "an absolute path, or nothing";
    case Notation::system_path: return "an absolute path, or system";
    case Notation::socket_path:
      return "an absolute path of at most " + std::to_string(kMaxSocketPath) + " octets, or nothing";
    case Notation::duration: return numeric_limits_of(param) + ", with one of s m h d w";
    case Notation::size: return numeric_limits_of(param) + ", plain or with one of k m g";
    case Notation::count: return numeric_limits_of(param);
    case Notation::octal: return numeric_limits_of(param) + ", in octal";
    case Notation::yes_no: return "yes or no";
    case Notation::listen: return "a list of inet:HOST:PORT, inet:[V6]:PORT or unix:/PATH";
    case Notation::resolvers: return "a list of ADDRESS or ADDRESS:PORT, or nothing";
    case Notation::question: return "a domain name and " + question_types();
    case Notation::cache: return "sqlite:/PATH or memory:";
  }
  return {};
}

Config default_config() {
  Config config;
  for (const Param& param : params()) static_cast<void>(assign(config, param, param.fallback));
  return config;
}

}  // namespace tlspolicyd
