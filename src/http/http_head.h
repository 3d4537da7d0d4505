// The status line and header fields of the one answer, judged strictly. Not a general
// HTTP parser: it keeps what a policy fetch needs and refuses whatever is ambiguous.
// Pure. RFC 9112 sections 4 and 6, RFC 8461 sections 3.2 and 3.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/http_line.h"

namespace tlspolicyd {

class HttpHead {
 public:
  enum class Framing : unsigned char { length, chunked, until_close };

  // Each returns why the answer is refused, or nullopt.
  [[nodiscard]] std::optional<FetchFailure> status_line(std::string_view line);
  // `folded`: the line was joined from several.
  [[nodiscard]] std::optional<FetchFailure> field(std::string_view line, bool folded);
  // At the blank line of a final answer: may its body be read?
  [[nodiscard]] std::optional<FetchFailure> judge(std::size_t max_body) const;

  [[nodiscard]] bool interim() const { return status_ / 100 == 1 && status_ != 101; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] Framing framing() const;
  [[nodiscard]] std::uint64_t length() const { return length_.value_or(0); }
  [[nodiscard]] std::string content_type() const;
  [[nodiscard]] const std::string& location() const { return location_; }

 private:
  [[nodiscard]] std::optional<FetchFailure> content_length(std::string_view value);
  [[nodiscard]] std::optional<FetchFailure> transfer_encoding(std::string_view value);
  [[nodiscard]] std::optional<FetchFailure> judge_status() const;
  [[nodiscard]] std::optional<FetchFailure> judge_media_type() const;
  [[nodiscard]] std::optional<FetchFailure> judge_coding() const;

  int status_ = 0;
  bool http_1_0_ = false;
  bool chunked_ = false;
  std::optional<std::uint64_t> length_;
  std::vector<std::string> content_types_;
  std::string content_encoding_;
  std::string location_;
};

}  // namespace tlspolicyd
