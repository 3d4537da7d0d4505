// Small pure functions over octets. ASCII only and independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlspolicyd {

// `text`, or as much of it as fits into `cap` octets (more than 3), cut between two words where
// there are any, and "..." in place of the rest.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t cap);

// excerpt() in printable ASCII, every other octet as '?': safe to put into a line of text.
[[nodiscard]] std::string printable(std::string_view text, std::size_t cap = 200);

// 'A' to 'Z' become lower case, every other octet is kept.
[[nodiscard]] std::string to_lower(std::string_view text);

// ASCII case-insensitive equality.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

// `text` without blanks (SP and HTAB only) at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

// All pieces between separators, empty ones included; at least one piece.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// The first of them; `rest` is then what follows its separator, without data() if none does.
[[nodiscard]] std::string_view cut_piece(std::string_view& rest, char separator);

[[nodiscard]] std::string join(const std::vector<std::string>& pieces, std::string_view between);

// Of decimal digits, at least one.
[[nodiscard]] bool all_digits(std::string_view text);

// Decimal digits only (no sign, no blank), value at most `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max);

// Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates.
[[nodiscard]] bool is_utf8(std::string_view text);

[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The octets of host names in lower or upper case: letters, digits, '-' and '.', by table,
// since every question and every reply is made of them.
inline constexpr std::array<bool, 256> kNameOctets = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c)
    table[static_cast<std::size_t>(c)] = is_alnum(static_cast<char>(c)) || c == '-' || c == '.';
  return table;
}();
[[nodiscard]] constexpr bool is_name_octet(char c) { return kNameOctets[static_cast<unsigned char>(c)]; }

// U+FEFF in UTF-8, which some editors put before a text.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Octets of a label of a name (RFC 1035 section 2.3.4).
inline constexpr std::size_t kMaxLabel = 63;

// `name` as it is without the dot that stands for the root of the DNS.
[[nodiscard]] std::string_view without_root_dot(std::string_view name);

}  // namespace tlspolicyd
