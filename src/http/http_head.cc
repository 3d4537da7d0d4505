#include "http/http_head.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kMediaType = "text/plain";

constexpr std::string_view kStatusLine = "RFC 9112 section 4", kFieldLine = "RFC 9112 section 5",
                           kContentLength = "RFC 9110 section 8.6", kTransferEncoding = "RFC 9112 section 6.1",
                           kBodyLength = "RFC 9112 section 6.3";

FetchFailure malformed(std::string detail, std::string_view rfc = kFieldLine) {
  return {FetchFault::http_malformed, std::move(detail), rfc};
}

bool is_text_plain(std::string_view content_type) {
  return equals_ignoring_case(trim(content_type.substr(0, content_type.find(';'))), kMediaType);
}

// "HTTP/1.1 200 OK" or "HTTP/1.1 200"; anything after the status and one SP is words.
bool is_status_line(std::string_view line) {
  constexpr std::string_view kShape = "HTTP/1.d ddd";
  if (line.size() < kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' ? !is_digit(line[i]) : line[i] != kShape[i]) return false;
  if (line[7] > '1') return false;
  return line.size() == kShape.size() || line[kShape.size()] == ' ';
}

}  // namespace

std::optional<FetchFailure> HttpHead::status_line(std::string_view line) {
  if (!is_status_line(line)) return malformed("the status line is malformed: " + in_quotes(line), kStatusLine);
  http_1_0_ = line[7] == '0';
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  return std::nullopt;
}

// Where the body ends must not depend on how a reader takes continuation lines.
std::optional<FetchFailure> HttpHead::field(std::string_view line, bool folded) {
  const auto field = parse_http_field(line);
  if (!field) return malformed("a header line is malformed: " + in_quotes(line));
  const std::string name = to_lower(field->name);
  if (folded && (name == "content-length" || name == "transfer-encoding"))
    return malformed(std::string(field->name) + " is spread over several lines");
  if (name == "content-length") return content_length(field->value);
  if (name == "transfer-encoding") return transfer_encoding(field->value);
  if (name == "content-type") content_types_.emplace_back(field->value);
  if (name == "location") location_ = field->value;
  if (name == "content-encoding") content_encoding_.append(content_encoding_.empty() ? "" : ", ").append(field->value);
  return std::nullopt;
}

std::optional<FetchFailure> HttpHead::content_length(std::string_view value) {
  if (length_) return malformed("there is more than one Content-Length", kBodyLength);
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit))
    return malformed("Content-Length is not a number: " + in_quotes(value), kContentLength);
  // A number beyond 64 bits is still a number, and too large all the same.
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  length_ = parse_decimal(value, kMost).value_or(kMost);
  return std::nullopt;
}

std::optional<FetchFailure> HttpHead::transfer_encoding(std::string_view value) {
  if (chunked_) return malformed("there is more than one Transfer-Encoding", kTransferEncoding);
  if (!equals_ignoring_case(value, "chunked"))
    return malformed("Transfer-Encoding is not chunked but " + in_quotes(value), kTransferEncoding);
  chunked_ = true;
  return std::nullopt;
}

std::optional<FetchFailure> HttpHead::judge(std::size_t max_body) const {
  if (auto fault = judge_status()) return fault;
  if (chunked_ && length_) return malformed("both Content-Length and Transfer-Encoding are given", kBodyLength);
  if (chunked_ && http_1_0_) return malformed("Transfer-Encoding is used in an HTTP/1.0 answer", kTransferEncoding);
  if (auto fault = judge_media_type()) return fault;
  if (auto fault = judge_coding()) return fault;
  if (length() > max_body)
    return FetchFailure{FetchFault::too_large, "Content-Length announces " + std::to_string(length()) + " octets, " +
                                                   std::to_string(max_body) + " are the limit"};
  return std::nullopt;
}

std::optional<FetchFailure> HttpHead::judge_status() const {
  if (status_ == 200) return std::nullopt;
  const std::string status = "HTTP status " + std::to_string(status_);
  if (status_ / 100 == 3 && status_ != 304)
    return FetchFailure{FetchFault::redirect, location_.empty() ? status : status + ", Location: " + location_};
  return FetchFailure{FetchFault::status, status};
}

// A host that sends the field twice leaves no doubt as long as all of them agree.
std::optional<FetchFailure> HttpHead::judge_media_type() const {
  if (content_types_.empty()) return FetchFailure{FetchFault::no_media_type, "there is no Content-Type"};
  if (std::all_of(content_types_.begin(), content_types_.end(), is_text_plain)) return std::nullopt;
  if (content_types_.size() > 1)
    return FetchFailure{FetchFault::several_media_types, "Content-Type is sent " +
                                                             std::to_string(content_types_.size()) +
                                                             " times: " + in_quotes(join(content_types_, "\" and \""))};
  return FetchFailure{FetchFault::media_type, "Content-Type is " + in_quotes(content_type())};
}

std::optional<FetchFailure> HttpHead::judge_coding() const {
  if (content_encoding_.empty() || equals_ignoring_case(content_encoding_, "identity")) return std::nullopt;
  return FetchFailure{FetchFault::content_encoding,
                      "Content-Encoding is " + in_quotes(content_encoding_) + " although only identity was asked for"};
}

HttpHead::Framing HttpHead::framing() const {
  if (chunked_) return Framing::chunked;
  return length_ ? Framing::length : Framing::until_close;
}

std::string HttpHead::content_type() const { return join(content_types_, ", "); }

}  // namespace tlspolicyd
