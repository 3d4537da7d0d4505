#include "config/hints.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "base/ip_address.h"
#include "base/text.h"
#include "config/params.h"

namespace tlspolicyd {
namespace {

// Longer than any parameter's name; what is longer is no misspelling of one.
constexpr std::size_t kLongestName = 48;

// Insertions, deletions and replacements from one to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// Two faults in a name of middle length: "fetchtimout". One in the shortest.
std::size_t tolerance(std::string_view name) { return 1 + name.size() / 6; }

struct UnitWords {
  char unit;
  std::array<std::string_view, 5> words;
};
constexpr std::array kUnitWords{
    UnitWords{'s', {"sec", "secs", "second", "seconds", ""}}, UnitWords{'m', {"min", "mins", "minute", "minutes", ""}},
    UnitWords{'h', {"hr", "hrs", "hour", "hours", ""}}, UnitWords{'d', {"day", "days", "", "", ""}},
    UnitWords{'w', {"wk", "wks", "week", "weeks", ""}}};

// Nothing for a name, which would have to be resolved.
std::optional<IpAddress> address_of(const ListenAddress& listen) { return parse_ip(listen.host); }

bool is_wildcard(const IpAddress& address) { return address == IpAddress{.family = address.family}; }

std::string host_of(const ListenAddress& listen) { return listen.host.empty() ? "localhost" : to_lower(listen.host); }

// IPv6 sockets leave IPv4 alone, so that :: and 0.0.0.0 go together.
bool collide(const ListenAddress& a, const ListenAddress& b) {
  if (!a.path.empty() || !b.path.empty()) return a.path == b.path;
  if (a.port != b.port) return false;
  const auto one = address_of(a), other = address_of(b);
  if (!one || !other) return host_of(a) == host_of(b);
  return *one == *other || (one->family == other->family && (is_wildcard(*one) || is_wildcard(*other)));
}

}  // namespace

std::string_view nearest_parameter(std::string_view name) {
  if (name.size() > kLongestName) return {};
  std::string meant = to_lower(name);
  std::replace(meant.begin(), meant.end(), '-', '_');
  const auto all = params();
  const auto nearest = std::min_element(all.begin(), all.end(), [&](const Param& a, const Param& b) {
    return distance(a.name, meant) < distance(b.name, meant);
  });
  return distance(nearest->name, meant) <= tolerance(meant) ? nearest->name : std::string_view();
}

std::size_t comment_in(std::string_view value) {
  for (std::size_t at = value.find('#'); at != value.npos; at = value.find('#', at + 1))
    if (at == 0 || value[at - 1] == ' ' || value[at - 1] == '\t') return at;
  return value.npos;
}

std::string_view within_quotes(std::string_view value) {
  const bool quoted =
      value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
  return quoted ? value.substr(1, value.size() - 2) : std::string_view();
}

char unit_for(std::string_view word) {
  const std::string lower = to_lower(word);
  if (lower.empty()) return 0;
  for (const UnitWords& each : kUnitWords)
    if (std::find(each.words.begin(), each.words.end(), lower) != each.words.end()) return each.unit;
  return 0;
}

std::string repeated_listener(const std::vector<ListenAddress>& listen) {
  for (auto each = listen.begin(); each != listen.end(); ++each)
    if (std::any_of(listen.begin(), each, [&](const ListenAddress& before) { return collide(before, *each); }))
      return to_text(*each);
  return "";
}

std::string wildcard_listener(const std::vector<ListenAddress>& listen) {
  for (const ListenAddress& each : listen)
    if (const auto address = address_of(each); each.path.empty() && address && is_wildcard(*address))
      return to_text(each);
  return "";
}

std::string_view byte_order_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) return "a UTF-8 byte order mark";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return "UTF-16";
  return {};
}

}  // namespace tlspolicyd
