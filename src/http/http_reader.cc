#include "http/http_reader.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

constexpr std::string_view kStart = "HTTP/";
// Status line and fields, interim answers included: what common servers send at most.
constexpr std::size_t kMaxHead = 32 * 1024;
// Twice what common servers allow for one field, security policies of CDNs included.
constexpr std::size_t kMaxHeadLine = 16 * 1024;
// One 100 or 103 is conceivable; a handful is patience enough.
constexpr int kMaxInterims = 4;

FetchFailure head_too_large(const char* what, std::size_t limit) {
  return {FetchFault::header_too_large, std::string(what) + " longer than " + std::to_string(limit) + " octets"};
}

}  // namespace

HttpReader::State HttpReader::feed(std::string_view octets) {
  while (state_ == State::more && !octets.empty()) {
    if (auto fault = step(octets)) return conclude(std::move(*fault));
    if (at_ == At::end) state_ = State::done;
  }
  return state_;
}

HttpReader::State HttpReader::at_end(bool clean) {
  if (state_ != State::more) return state_;
  if (at_ == At::body && head_.framing() == HttpHead::Framing::until_close && clean) {
    at_ = At::end;
    return state_ = State::done;
  }
  return conclude({FetchFault::truncated, "the answer ended early (" + progress() + ")"});
}

std::string HttpReader::progress() const {
  if (!begun()) return "nothing read";
  if (at_ != At::body && at_ != At::end) return "within the header";
  std::string text = "body, " + std::to_string(answer_.body.size()) + " octets";
  if (head_.framing() == HttpHead::Framing::length) text += " of " + std::to_string(head_.length());
  return text;
}

std::size_t HttpReader::steps() const {
  constexpr std::size_t kStep = 1024;
  return at_ == At::body || at_ == At::end ? 1 + answer_.body.size() / kStep : 0;
}

HttpReader::State HttpReader::conclude(FetchFailure fault) {
  answer_.fault = fault.fault;
  answer_.detail = std::move(fault.detail);
  answer_.rfc = fault.rfc;
  answer_.body.clear();
  return state_ = State::fault;
}

std::optional<FetchFailure> HttpReader::step(std::string_view& input) {
  switch (at_) {
    case At::start: return start(input);
    case At::status_line:
    case At::fields: return head_line(input);
    case At::body: return body(input);
    case At::end: break;
  }
  return std::nullopt;
}

// Something else than HTTP shows at its first octets; waiting for its line end would turn
// a plain answer into a timeout.
std::optional<FetchFailure> HttpReader::start(std::string_view& input) {
  const std::size_t n = std::min(input.size(), kStart.size() - matched_);
  if (input.substr(0, n) != kStart.substr(matched_, n))
    return FetchFailure{FetchFault::not_http, "the answer does not begin with HTTP/"};
  matched_ += n;
  if (matched_ < kStart.size()) {
    input.remove_prefix(n);
    return std::nullopt;
  }
  std::string_view again = kStart;
  static_cast<void>(line_.take(again, kMaxHeadLine));
  head_octets_ += kStart.size();
  input.remove_prefix(n);
  at_ = At::status_line;
  return std::nullopt;
}

std::optional<FetchFailure> HttpReader::head_line(std::string_view& input) {
  // Not an octet more than shows that it is too large: which bound is met first must not
  // depend on how the answer was split.
  const std::string_view piece = input.substr(0, kMaxHead + 1 - std::min(head_octets_, kMaxHead));
  std::string_view left = piece;
  const auto folds = at_ == At::fields ? HttpLine::Folds::joined : HttpLine::Folds::refused;
  const HttpLine::Step step = line_.take(left, kMaxHeadLine, folds);
  const std::size_t taken = piece.size() - left.size();
  input.remove_prefix(taken);
  head_octets_ += taken;
  if (head_octets_ > kMaxHead) return head_too_large("the header is", kMaxHead);
  switch (step) {
    case HttpLine::Step::more: return std::nullopt;
    case HttpLine::Step::line: return head_line_done();
    case HttpLine::Step::bad_octet: break;
    case HttpLine::Step::too_long: return head_too_large("a header line is", kMaxHeadLine);
  }
  return FetchFailure{FetchFault::http_malformed, "the header contains " + std::string(line_.bad()),
                      "RFC 9112 section 2.2"};
}

std::optional<FetchFailure> HttpReader::head_line_done() {
  if (at_ == At::status_line) {
    at_ = At::fields;
    return head_.status_line(line_.text());
  }
  return line_.text().empty() ? head_done() : head_.field(line_.text(), line_.folded());
}

std::optional<FetchFailure> HttpReader::head_done() {
  if (head_.interim()) return interim_done();
  answer_.status = head_.status();
  answer_.content_type = head_.content_type();
  answer_.location = head_.location();
  const bool empty = head_.framing() == HttpHead::Framing::length && head_.length() == 0;
  at_ = empty ? At::end : At::body;
  return head_.judge(max_body_);
}

std::optional<FetchFailure> HttpReader::interim_done() {
  if (++interims_ > kMaxInterims)
    return FetchFailure{FetchFault::http_malformed,
                        "more than " + std::to_string(kMaxInterims) + " interim (1xx) answers",
                        "RFC 9110 section 15.2"};
  head_ = HttpHead();
  matched_ = 0;
  at_ = At::start;
  return std::nullopt;
}

std::optional<FetchFailure> HttpReader::body(std::string_view& input) {
  if (head_.framing() != HttpHead::Framing::chunked) return plain_body(input);
  auto fault = chunks_.take(input, answer_.body);
  if (chunks_.complete()) at_ = At::end;
  return fault;
}

std::optional<FetchFailure> HttpReader::plain_body(std::string_view& input) {
  const bool bounded = head_.framing() == HttpHead::Framing::length;
  const std::size_t room = (bounded ? head_.length() : max_body_) - answer_.body.size();
  if (!bounded && input.size() > room)
    return FetchFailure{FetchFault::too_large, "the body is longer than " + std::to_string(max_body_) + " octets"};
  const std::size_t n = std::min(input.size(), room);
  answer_.body.append(input.substr(0, n));
  input.remove_prefix(n);
  if (bounded && answer_.body.size() == head_.length()) at_ = At::end;
  return std::nullopt;
}

}  // namespace tlspolicyd
