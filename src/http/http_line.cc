#include "http/http_line.h"

#include <algorithm>

#include "base/text.h"

namespace tlspolicyd {
namespace {

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

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

HttpLine::Step HttpLine::take(std::string_view& input, std::size_t cap, Folds folds) {
  if (end_ == End::complete) {
    text_.clear();
    end_ = End::none;
    folded_ = false;
  }
  Step step = Step::more;
  while (step == Step::more && !input.empty())
    step = end_ == End::none ? take_text(input, cap) : take_end(input, cap, folds);
  return step;
}

HttpLine::Step HttpLine::take_text(std::string_view& input, std::size_t cap) {
  const auto stop = std::find_if(input.begin(), input.end(), is_control);
  const auto plain = static_cast<std::size_t>(stop - input.begin());
  if (text_.size() + plain > cap) return Step::too_long;
  text_.append(input.substr(0, plain));
  input.remove_prefix(plain);
  if (input.empty()) return Step::more;
  if (input.front() != '\r' && input.front() != '\n') return refuse(name_of_control(input.front()));
  end_ = input.front() == '\r' ? End::cr : End::lf;
  input.remove_prefix(1);
  return Step::more;
}

// The blank line at the end of a header is complete as it is: what comes behind it is not header.
HttpLine::Step HttpLine::take_end(std::string_view& input, std::size_t cap, Folds folds) {
  const bool may_fold = folds == Folds::joined && !text_.empty();
  if (end_ == End::cr) {
    if (input.front() != '\n') return refuse("a bare CR (lines must end in CRLF)");
    input.remove_prefix(1);
    end_ = may_fold ? End::crlf : End::complete;
    return may_fold ? Step::more : Step::line;
  }
  if (may_fold && is_blank(input.front())) return fold(input, cap);
  if (end_ == End::lf) return refuse(name_of_control('\n'));
  end_ = End::complete;
  return Step::line;
}

HttpLine::Step HttpLine::fold(std::string_view& input, std::size_t cap) {
  if (text_.size() == cap) return Step::too_long;
  text_ += ' ';
  input.remove_prefix(1);
  end_ = End::none;
  folded_ = true;
  return Step::more;
}

HttpLine::Step HttpLine::refuse(std::string_view why) {
  bad_ = why;
  return Step::bad_octet;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 100;
  return '"' + excerpt(text, kMost) + '"';
}

std::optional<HttpField> parse_http_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_token_char)) return std::nullopt;
  return HttpField{name, trim(line.substr(colon + 1))};
}

}  // namespace tlspolicyd
