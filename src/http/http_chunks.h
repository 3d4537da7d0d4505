// Decodes the chunked transfer coding. Extensions and trailers are tolerated within
// bounds and dropped. Pure. RFC 9112 section 7.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_line.h"

namespace tlspolicyd {

class HttpChunks {
 public:
  explicit HttpChunks(std::size_t max_body) : room_(max_body) {}

  // Takes octets off the front of `input` and appends data to `body` until the coding is
  // complete, the input is used up or something is wrong.
  [[nodiscard]] std::optional<FetchFailure> take(std::string_view& input, std::string& body);
  [[nodiscard]] bool complete() const { return at_ == At::end; }

 private:
  enum class At : unsigned char { size, data, data_end, trailer, end };

  [[nodiscard]] std::optional<FetchFailure> step(std::string_view& input, std::string& body);
  [[nodiscard]] std::optional<FetchFailure> line(std::string_view& input);
  [[nodiscard]] std::optional<FetchFailure> line_done();
  [[nodiscard]] std::optional<FetchFailure> begin_chunk();
  [[nodiscard]] std::optional<FetchFailure> trailer();
  void data(std::string_view& input, std::string& body);
  [[nodiscard]] std::size_t cap() const;

  At at_ = At::size;
  HttpLine line_;
  std::size_t room_;            // octets the body may still grow by
  std::uint64_t left_ = 0;      // of the chunk under way
  std::size_t extensions_ = 0;  // octets so far
  std::size_t trailers_ = 0;    // octets so far
};

}  // namespace tlspolicyd
