#include "http/http_chunks.h"

#include <algorithm>

#include "base/text.h"

namespace tlspolicyd {
namespace {

// A size has at most 16 digits; the rest is room for an extension. Endless chunk lines
// are a known way to keep a client busy without ever growing its body.
constexpr std::size_t kMaxChunkLine = 256;
// For all extensions of one answer: nobody sends any, so this is already generous.
constexpr std::size_t kMaxExtensions = 16 * 1024;
constexpr std::size_t kMaxTrailers = 8 * 1024;
constexpr std::size_t kMaxSizeDigits = 16;

FetchFailure malformed_chunk(std::string detail) {
  return {FetchFault::http_malformed, std::move(detail), "RFC 9112 section 7.1"};
}

std::optional<FetchFailure> trailers_too_long() {
  return FetchFailure{FetchFault::header_too_large,
                      "the trailers are longer than " + std::to_string(kMaxTrailers) + " octets"};
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::optional<FetchFailure> HttpChunks::take(std::string_view& input, std::string& body) {
  while (!input.empty() && !complete())
    if (auto fault = step(input, body)) return fault;
  return std::nullopt;
}

std::optional<FetchFailure> HttpChunks::step(std::string_view& input, std::string& body) {
  if (at_ != At::data) return line(input);
  data(input, body);
  return std::nullopt;
}

std::size_t HttpChunks::cap() const {
  if (at_ == At::trailer) return kMaxTrailers;
  return at_ == At::size ? kMaxChunkLine : 0;
}

std::optional<FetchFailure> HttpChunks::line(std::string_view& input) {
  switch (line_.take(input, cap())) {
    case HttpLine::Step::more: return std::nullopt;
    case HttpLine::Step::line: return line_done();
    case HttpLine::Step::bad_octet: return malformed_chunk("the chunked coding contains " + std::string(line_.bad()));
    case HttpLine::Step::too_long:
      if (at_ == At::data_end) return malformed_chunk("chunk data is not followed by CRLF");
      if (at_ == At::trailer) return trailers_too_long();
      return malformed_chunk("a chunk size line is longer than " + std::to_string(kMaxChunkLine) + " octets");
  }
  return std::nullopt;
}

std::optional<FetchFailure> HttpChunks::line_done() {
  if (at_ == At::size) return begin_chunk();
  if (at_ == At::trailer) return trailer();
  at_ = At::size;
  return std::nullopt;
}

std::optional<FetchFailure> HttpChunks::begin_chunk() {
  const std::string_view text = line_.text();
  std::size_t digits = 0;
  left_ = 0;
  for (; digits < text.size() && hex_value(text[digits]) >= 0; ++digits) {
    if (digits == kMaxSizeDigits) return malformed_chunk("a chunk size has too many digits");
    left_ = left_ << 4 | static_cast<unsigned>(hex_value(text[digits]));
  }
  const std::string_view extension = trim(text.substr(digits));
  if (digits == 0 || (digits < text.size() && (extension.empty() || extension.front() != ';')))
    return malformed_chunk("a chunk size is malformed: " + in_quotes(text));
  extensions_ += text.size() - digits;
  if (extensions_ > kMaxExtensions) return malformed_chunk("the chunk extensions are too long");
  if (left_ > room_) return FetchFailure{FetchFault::too_large, "the body is longer than allowed"};
  at_ = left_ == 0 ? At::trailer : At::data;
  return std::nullopt;
}

std::optional<FetchFailure> HttpChunks::trailer() {
  if (line_.text().empty()) {
    at_ = At::end;
    return std::nullopt;
  }
  if (!parse_http_field(line_.text())) return malformed_chunk("a trailer is malformed: " + in_quotes(line_.text()));
  trailers_ += line_.text().size() + 2;
  return trailers_ > kMaxTrailers ? trailers_too_long() : std::nullopt;
}

void HttpChunks::data(std::string_view& input, std::string& body) {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  body.append(input.substr(0, n));
  input.remove_prefix(n);
  left_ -= n;
  room_ -= n;
  if (left_ == 0) at_ = At::data_end;
}

}  // namespace tlspolicyd
