#include "base/quote.h"

#include "base/text.h"

namespace tlspolicyd {
namespace {

std::string hex_name(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto octet = static_cast<unsigned char>(c);
  return {'0', 'x', kDigits[octet >> 4], kDigits[octet & 15]};
}

}  // namespace

std::string in_quotes(std::string_view text, std::size_t cap) {
  std::string out = '"' + printable(text.substr(0, cap), cap) + '"';
  if (text.size() > cap) out += "...";
  return out;
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(in_quotes(text) + ' ' + std::string(why));
}

std::string octet_name(char c) {
  switch (c) {
    case ' ': return "a blank";
    case '\t': return "a tab";
    case '\r': return "a carriage return";
    case '\n': return "a line feed";
    case '\0': return "a NUL";
    case ',': return "a comma";
    case '"': return "a double quote";
    default: break;
  }
  if (c > ' ' && c <= '~') return {'"', c, '"'};
  return (static_cast<unsigned char>(c) < 0x80 ? "the control character " : "the octet ") + hex_name(c);
}

}  // namespace tlspolicyd
