// Lines and fields of an HTTP/1 message. Strict where others are lenient: CRLF only, no
// control octets, no blank before the colon. Pure. RFC 9112 sections 2.2 and 5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fetch/https.h"

namespace tlspolicyd {

// Collects one line at a time out of whatever pieces arrive.
class HttpLine {
 public:
  enum class Step : unsigned char { more, line, bad_octet, too_long };
  // Whether a line that begins with a blank continues the one before (obs-fold, RFC 9112
  // section 5.2). The line end before such a blank may be a bare LF: web servers write a value
  // of several lines out as it stands in their configuration.
  enum class Folds : unsigned char { refused, joined };

  // Takes octets off the front of `input`, at most to the end of one line. `cap` is the
  // most octets a line may have without its CRLF; `cap` and `folds` are the same for each piece
  // of one line. Where folds are joined, a line ends only when the octet behind it is seen.
  Step take(std::string_view& input, std::size_t cap, Folds folds = Folds::refused);

  // After Step::line: the line, with one SP in place of each line end and blank that were joined.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool folded() const { return folded_; }  // after Step::line
  // Which octet was bad, after Step::bad_octet.
  [[nodiscard]] std::string_view bad() const { return bad_; }

 private:
  enum class End : unsigned char { none, cr, lf, crlf, complete };  // what was read of the line end

  [[nodiscard]] Step take_text(std::string_view& input, std::size_t cap);
  [[nodiscard]] Step take_end(std::string_view& input, std::size_t cap, Folds folds);
  [[nodiscard]] Step fold(std::string_view& input, std::size_t cap);
  [[nodiscard]] Step refuse(std::string_view why);

  std::string text_;
  std::string_view bad_;
  End end_ = End::none;
  bool folded_ = false;
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
