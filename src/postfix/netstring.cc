#include "postfix/netstring.h"

#include <charconv>

#include "base/text.h"

namespace tlspolicyd {
namespace {

std::size_t count_digits(std::string_view buffer) {
  std::size_t digits = 0;
  while (digits < buffer.size() && is_digit(buffer[digits])) ++digits;
  return digits;
}

}  // namespace

Result<std::optional<NetstringFrame>> read_netstring(std::string_view buffer,
                                                     std::size_t max_payload) {
  const std::size_t digits = count_digits(buffer);
  if (digits > kMaxLengthDigits) return fail("the length has too many digits");
  if (digits < buffer.size() && (digits == 0 || buffer[digits] != ':'))
    return fail("the length is no decimal number followed by a colon");
  std::size_t length = 0;
  std::from_chars(buffer.data(), buffer.data() + digits, length);
  if (length > max_payload) return fail("the length is over " + std::to_string(max_payload));
  const std::size_t comma = digits + 1 + length;
  if (buffer.size() <= comma) return std::nullopt;
  if (buffer[comma] != ',') return fail("no comma after the payload");
  return NetstringFrame{buffer.substr(digits + 1, length), comma + 1};
}

void append_netstring(std::string& out, std::string_view payload) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, payload.size()).ptr;
  out.append(digits, end).append(1, ':').append(payload).append(1, ',');
}

}  // namespace tlspolicyd
