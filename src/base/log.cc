#include "base/log.h"

#include "base/text.h"

namespace tlspolicyd {
namespace {

// Some of them make a line that a pipe and syslog still take in one piece.
constexpr std::size_t kMaxValue = 400;

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

// A reader that finds no double quote behind "=" takes everything up to the next comma.
std::string field_value(std::string_view value) {
  std::string out = printable(value, kMaxValue);
  return out.find(',') != out.npos || out.starts_with('"') ? quoted(out) : out;
}

}  // namespace

LogLine& LogLine::with(std::string_view key, std::string_view value) {
  text_.append(empty_ ? " " : ", ").append(key).append("=").append(field_value(value));
  empty_ = false;
  return *this;
}

}  // namespace tlspolicyd
