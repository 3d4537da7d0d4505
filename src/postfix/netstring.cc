#include "postfix/netstring.h"

#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace tlspolicyd {
namespace {

struct Length {
  std::size_t digits = 0;  // one more than kMaxLengthDigits where there are more
  std::uint64_t value = 0;
};

Length read_length(std::string_view buffer) {
  Length length;
  while (length.digits < buffer.size() && length.digits <= kMaxLengthDigits && is_digit(buffer[length.digits]))
    length.value = length.value * 10 + static_cast<std::uint64_t>(buffer[length.digits++] - '0');
  return length;
}

}  // namespace

Result<std::optional<NetstringFrame>> read_netstring(std::string_view buffer, std::size_t max_payload) {
  const auto [digits, length] = read_length(buffer);
  if (digits > kMaxLengthDigits) return fail("the length has too many digits");
  if (digits < buffer.size() && (digits == 0 || buffer[digits] != ':'))
    return fail("the length is no decimal number followed by a colon");
  if (length > max_payload) return fail("the length is over " + std::to_string(max_payload));
  const std::size_t comma = digits + 1 + length;
  if (buffer.size() <= comma) return std::nullopt;
  if (buffer[comma] != ',') return fail("no comma after the payload");
  return NetstringFrame{buffer.substr(digits + 1, length), comma + 1};
}

void append_netstring(std::string& out, std::string_view payload) {
  char head[21];
  char* const end = std::to_chars(head, head + sizeof head - 1, payload.size()).ptr;
  *end = ':';
  out.append(head, end + 1).append(payload).push_back(',');
}

}  // namespace tlspolicyd
