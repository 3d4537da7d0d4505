// Lines and fields of an HTTP/1 message. Strict where others are lenient: CRLF only, no
// control octets, no folding, no blank before the colon. Pure. RFC 9112 sections 2.2 and 5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/fetch_failure.h"

namespace tlspolicyd {

// Collects one line at a time out of whatever pieces arrive.
class HttpLine {
 public:
  enum class Step : unsigned char { more, line, bad_octet, too_long };

  // Takes octets off the front of `input`, at most to the end of one line. `cap` is the
  // most octets a line may have without its CRLF; the same for each piece of one line.
  Step take(std::string_view& input, std::size_t cap);

  [[nodiscard]] const std::string& text() const { return text_; }  // after Step::line
  // Which octet was bad, after Step::bad_octet.
  [[nodiscard]] std::string_view bad() const { return bad_; }

 private:
  Step end_line(char c);
  Step refuse(std::string_view why);

  std::string text_;
  std::string_view bad_;
  bool cr_ = false;
  bool complete_ = false;
};

struct HttpField {
  std::string_view name;   // as sent
  std::string_view value;  // without blanks around it
};

// For details: in quotation marks, at most 100 octets of it.
[[nodiscard]] std::string in_quotes(std::string_view text);

// nullopt unless the line is `name ":" value` with a token for a name.
[[nodiscard]] std::optional<HttpField> parse_http_field(std::string_view line);

}  // namespace tlspolicyd
