// Reads the one answer to the one GET of a policy fetch. Not an HTTP client and not
// lenient: an answer that two readers might take differently is refused. Framing never
// depends on Connection. Pure: octets in, verdict out. RFC 9112, RFC 8461 section 3.3.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_chunks.h"
#include "http/http_head.h"
#include "http/http_line.h"
#include "fetch/https.h"

namespace tlspolicyd {

struct HttpAnswer {
  FetchFault fault = FetchFault::none;
  std::string detail;  // of the fault
  std::string_view rfc;
  int status = 0;  // final status, 0 if none was read
  std::string content_type;
  std::string location;
  std::string body;  // whole iff State::done
};

class HttpReader {
 public:
  enum class State : unsigned char { more, done, fault };

  // `max_body`: octets after transfer decoding.
  explicit HttpReader(std::size_t max_body) : max_body_(max_body), chunks_(max_body) {}

  // Octets after the end of the answer are ignored. Once done or at fault it stays so.
  State feed(std::string_view octets);
  // The peer sends no more. `clean`: it said so by a TLS close_notify, without which a
  // body that only the close delimits may have been cut.
  State at_end(bool clean);

  [[nodiscard]] const HttpAnswer& answer() const { return answer_; }
  [[nodiscard]] bool begun() const { return at_ != At::start || matched_ > 0; }
  // Grows with the end of the header and with each KiB of body.
  [[nodiscard]] std::size_t steps() const;
  // What was read so far, for people: "body, 120 octets".
  [[nodiscard]] std::string progress() const;

 private:
  enum class At : unsigned char { start, status_line, fields, body, end };

  [[nodiscard]] std::optional<FetchFailure> step(std::string_view& input);
  [[nodiscard]] std::optional<FetchFailure> start(std::string_view& input);
  [[nodiscard]] std::optional<FetchFailure> head_line(std::string_view& input);
  [[nodiscard]] std::optional<FetchFailure> head_line_done();
  [[nodiscard]] std::optional<FetchFailure> head_done();
  [[nodiscard]] std::optional<FetchFailure> interim_done();
  [[nodiscard]] std::optional<FetchFailure> body(std::string_view& input);
  [[nodiscard]] std::optional<FetchFailure> plain_body(std::string_view& input);
  State conclude(FetchFailure fault);

  std::size_t max_body_;
  At at_ = At::start;
  State state_ = State::more;
  std::size_t matched_ = 0;  // octets of "HTTP/" seen
  std::size_t head_octets_ = 0;
  int interims_ = 0;
  HttpLine line_;
  HttpHead head_;
  HttpChunks chunks_;
  HttpAnswer answer_;
};

}  // namespace tlspolicyd
