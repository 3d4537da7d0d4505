// What every text for people must keep to.
#pragma once

#include <string>

#include "base/text.h"
#include "catch.h"

namespace tlspolicyd {

inline void check_lines(const std::string& text) {
  REQUIRE(!text.empty());
  CHECK(text.back() == '\n');
  for (const std::string_view line : split(std::string_view(text).substr(0, text.size() - 1), '\n')) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
    CHECK(std::string(line).find_first_of(std::string("\0\t\r\x1b\x7f\x80\xc2\xff", 8)) == std::string::npos);
  }
}

inline void check_json_line(const std::string& line) {
  for (const char c : line)
    if (c < ' ' || c > '~') FAIL("an octet that is not printable ASCII");
}

// Octets that hurt terminals, logs and JSON.
inline const std::string kHostile = [] {
  using namespace std::string_literals;  // counts the octets itself, NUL and all
  return "\x1b]0;owned\x07\xc2\x9b\xff\xfe \0end\r\nx: \"y\" {z}"s;
}();

}  // namespace tlspolicyd
