#include "net/http_line.h"

#include <algorithm>

#include "base/text.h"

namespace tlspolicyd {
namespace {

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

bool is_token_char(char c) {
  return is_alnum(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

std::string_view name_of_control(char c) {
  switch (c) {
    case '\0': return "a NUL octet";
    case '\n': return "a bare LF (lines must end in CRLF)";
    default: return "a control octet";
  }
}

}  // namespace

HttpLine::Step HttpLine::take(std::string_view& input, std::size_t cap) {
  if (complete_) {
    text_.clear();
    complete_ = cr_ = false;
  }
  while (!input.empty()) {
    const char c = input.front();
    if (cr_) {
      input.remove_prefix(1);
      return end_line(c);
    }
    const auto stop = std::find_if(input.begin(), input.end(), is_control);
    const auto plain = static_cast<std::size_t>(stop - input.begin());
    if (text_.size() + plain > cap) return Step::too_long;
    text_.append(input.substr(0, plain));
    input.remove_prefix(plain);
    if (input.empty()) break;
    if (input.front() != '\r') return refuse(name_of_control(input.front()));
    cr_ = true;
    input.remove_prefix(1);
  }
  return Step::more;
}

HttpLine::Step HttpLine::end_line(char c) {
  if (c != '\n') return refuse("a bare CR (lines must end in CRLF)");
  complete_ = true;
  return Step::line;
}

HttpLine::Step HttpLine::refuse(std::string_view why) {
  bad_ = why;
  return Step::bad_octet;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 100;
  std::string out = '"' + std::string(text.substr(0, kMost));
  return out += text.size() > kMost ? "...\"" : "\"";
}

std::optional<HttpField> parse_http_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_token_char)) return std::nullopt;
  return HttpField{name, trim(line.substr(colon + 1))};
}

}  // namespace tlspolicyd
