// The names all parts of a measurement agree on. One zone with two wildcards holds them
// all: whatever ends in `.pol` has a policy, what ends in `.none` has none.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlspolicyd::bench {

inline constexpr std::string_view kId = "20260101000000";  // the zone's TXT record has it

struct Names {
  bool with_policy = true;
  std::uint64_t first = 0, count = 1;

  [[nodiscard]] std::string at(std::uint64_t index) const {
    return "mail-" + std::to_string(first + index % count) +
           (with_policy ? ".pol.bench.example" : ".none.bench.example");
  }
  // How the reply about any of them begins.
  [[nodiscard]] std::string_view reply() const { return with_policy ? "OK secure " : "NOTFOUND "; }
};

// "pol:FIRST:COUNT" or "none:FIRST:COUNT".
inline std::optional<Names> parse_names(std::string_view text) {
  const auto colon = text.find(':'), second = text.find(':', colon + 1);
  if (colon == text.npos || second == text.npos) return std::nullopt;
  Names names{.with_policy = text.substr(0, colon) == "pol"};
  std::from_chars(text.data() + colon + 1, text.data() + second, names.first);
  std::from_chars(text.data() + second + 1, text.data() + text.size(), names.count);
  return names.count > 0 ? std::optional(names) : std::nullopt;
}

// An ordinary document: two patterns.
inline std::string document(const std::string& domain) {
  return "version: STSv1\r\nmode: enforce\r\nmx: mx1." + domain + "\r\nmx: *.mx." + domain + "\r\nmax_age: 2592000\r\n";
}

}  // namespace tlspolicyd::bench
