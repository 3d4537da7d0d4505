#include "config/values.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "config/hints.h"

namespace tlspolicyd {
namespace {

struct Unit {
  char letter;
  std::uint64_t factor;
};

// Largest first, so that showing a value finds its shortest form.
constexpr std::array kDurationUnits{Unit{'w', 604800}, Unit{'d', 86400}, Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};
constexpr std::array kSizeUnits{Unit{'g', 1u << 30}, Unit{'m', 1u << 20}, Unit{'k', 1u << 10}};

// Octets or seconds. Far above every limit in the table, far below any overflow.
constexpr std::uint64_t kMaxValue = std::uint64_t{1} << 42;

template <typename Units>
std::optional<std::uint64_t> factor_of(const Units& units, char letter) {
  for (const Unit& unit : units)
    if (unit.letter == letter) return unit.factor;
  return std::nullopt;
}

template <typename Units>
std::string show(const Units& units, std::uint64_t value) {
  for (const Unit& unit : units)
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + unit.letter;
  return std::to_string(value);
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

// Port 0 (any) and relative paths are for tests: Postfix could not be told of the one, and
// the other would depend on where the daemon was started.
Result<ListenAddress> parse_listen_one(std::string_view text) {
  auto address = parse_listen_address(text);
  if (!address) return address;
  if (!address->path.empty() && address->path.front() != '/')
    return fail(in_quotes(text) + ": the path is not absolute");
  if (address->path.empty() && address->port == 0) return fail(in_quotes(text) + ": the port is not from 1 to 65535");
  return address;
}

Result<Resolver> parse_resolver_one(std::string_view text) {
  auto resolver = parse_resolver(text);
  if (!resolver) return fail(in_quotes(text) + ": " + resolver.error().text);
  return resolver;
}

template <typename T>
Result<std::vector<T>> parse_list(std::string_view text, Result<T> (*parse_one)(std::string_view)) {
  constexpr std::string_view kBetween = ", \t";
  std::vector<T> list;
  for (auto at = text.find_first_not_of(kBetween); at != text.npos;) {
    const auto end = text.find_first_of(kBetween, at);
    auto one = parse_one(text.substr(at, end - at));
    if (!one) return tl::unexpected(one.error());
    list.push_back(std::move(*one));
    at = text.find_first_not_of(kBetween, end);
  }
  return list;
}

}  // namespace

Result<seconds> parse_duration(std::string_view text) {
  if (text.empty()) return fail("is empty where a duration is expected");
  const std::string_view word = text.substr(std::min(text.find_first_not_of("0123456789 \t"), text.size()));
  if (const char unit = unit_for(word); unit != 0)
    return fail(in_quotes(text) + " has the unit \"" + std::string(word) + "\", which is written " + unit);
  const auto factor = factor_of(kDurationUnits, text.back());
  if (!factor) return fail(in_quotes(text) + " does not end in a unit");
  const auto number = parse_decimal(text.substr(0, text.size() - 1), kMaxValue / *factor);
  if (!number) return fail(in_quotes(text) + " is not a whole number and a unit");
  return seconds(static_cast<std::int64_t>(*number * *factor));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::string lower = to_lower(text);
  const auto factor = lower.empty() ? std::nullopt : factor_of(kSizeUnits, lower.back());
  const auto number = parse_decimal(text.substr(0, text.size() - (factor ? 1 : 0)), kMaxValue / factor.value_or(1));
  if (!number) return fail(in_quotes(text) + " is not a size");
  return *number * factor.value_or(1);
}

Result<std::uint32_t> parse_octal(std::string_view text) {
  if (text.empty() || text.size() > 4 || text.find_first_not_of("01234567") != text.npos)
    return fail(in_quotes(text) + " is not an octal mode");
  std::uint32_t mode = 0;
  for (const char digit : text) mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
  return mode;
}

Result<bool> parse_yes_no(std::string_view text) {
  if (equals_ignoring_case(text, "yes")) return true;
  if (equals_ignoring_case(text, "no")) return false;
  return fail(in_quotes(text) + " is neither yes nor no");
}

Result<std::vector<ListenAddress>> parse_listen(std::string_view text) {
  return parse_list<ListenAddress>(text, parse_listen_one);
}

Result<std::vector<Resolver>> parse_resolvers(std::string_view text) {
  return parse_list<Resolver>(text, parse_resolver_one);
}

Result<CacheChoice> parse_cache(std::string_view text) {
  if (text == "memory:") return CacheChoice{};
  if (text.rfind("sqlite:", 0) != 0) return fail(in_quotes(text) + " begins with neither sqlite: nor memory:");
  return parse_absolute_path(text.substr(7)).map([](std::string path) {
    return CacheChoice{.sqlite_path = std::move(path)};
  });
}

Result<std::string> parse_absolute_path(std::string_view text) {
  if (text.empty() || text.front() != '/') return fail(in_quotes(text) + " is not an absolute path");
  return std::string(text);
}

Result<std::string> parse_socket_path(std::string_view text) {
  if (text.size() > kMaxSocketPath)
    return fail(in_quotes(text) + ": a unix socket path of " + std::to_string(text.size()) +
                " octets is longer than the " + std::to_string(kMaxSocketPath) + " the system allows");
  return parse_absolute_path(text);
}

std::string show_duration(seconds value) {
  const auto count = static_cast<std::uint64_t>(value.count());
  return count == 0 ? "0s" : show(kDurationUnits, count);
}

std::string show_size(std::uint64_t octets) { return show(kSizeUnits, octets); }

std::string show_octal(std::uint32_t mode) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mode /= 8) text[i] = static_cast<char>('0' + mode % 8);
  return text;
}

std::string to_text(const CacheChoice& cache) {
  return cache.sqlite_path.empty() ? "memory:" : "sqlite:" + cache.sqlite_path;
}

}  // namespace tlspolicyd
