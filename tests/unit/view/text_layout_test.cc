#include "view/text_layout.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("text: what is shown is printable ASCII, and nothing is lost") {
  CHECK(shown("plain, with commas \"and\" quotes") == "plain, with commas \"and\" quotes");
  CHECK(shown(std::string_view("a\0b\t\x1b[2J\x7f", 9)) == "a\\x00b\\x09\\x1B[2J\\x7F");
  CHECK(shown("\xc3\xbc\xff") == "\\xC3\\xBC\\xFF");
}

TEST_CASE("text: shortening is visible and keeps the end") {
  CHECK(shortened("d.example", 9) == "d.example");
  CHECK(shortened("a-long-name-of-a-host.d.example", 20) == "a-lon...st.d.example");
  CHECK(shortened("abcdef", 3) == "def");
  CHECK(column("ab", 5) == "ab   ");
}

TEST_CASE("text: lines break at blanks, and inside a word only where it is too long") {
  using Lines = std::vector<std::string>;
  CHECK(wrapped("", 10) == Lines{""});
  CHECK(wrapped("one two", 10) == Lines{"one two"});
  CHECK(wrapped("one two three", 8) == Lines{"one two", "three"});
  CHECK(wrapped("onetwothree four", 8) == Lines{"onetwoth", "ree four"});
  CHECK(wrapped("12345678 90", 8) == Lines{"12345678", "90"});
  CHECK(wrapped("ab.cd:ef.gh:ij four", 8) == Lines{"ab.cd:", "ef.gh:ij", "four"});
  CHECK(wrapped("a,b/cdefghijklm", 8) == Lines{"a,b/", "cdefghij", "klm"});
}

TEST_CASE("text: a label stands beside its text, or above it where it has no room") {
  CHECK(beside("id", 6, "20260101") == "id    20260101\n");
  CHECK(beside("overlong", 6, "20260101") == "overlong\n      20260101\n");
  const std::string text = beside("reply", 12, std::string(200, 'x'));
  CHECK(text == "reply       " + std::string(68, 'x') + "\n            " + std::string(68, 'x') + "\n            " +
                    std::string(64, 'x') + "\n");
}

TEST_CASE("text: spans in the two largest units") {
  const auto [span, words] = GENERATE(table<int, const char*>({
      {0, "0s"},
      {59, "59s"},
      {60, "1m"},
      {303, "5m 3s"},
      {3'600, "1h"},
      {3'605, "1h"},
      {86'399, "23h 59m"},
      {604'800, "7d"},
      {604'799, "6d 23h"},
      {31'557'600, "365d 6h"},
      {-303, "5m 3s"},
  }));
  CAPTURE(span);
  CHECK(human_span(seconds(span)) == words);
}

TEST_CASE("text: distances from now") {
  const WallTime now{seconds(1'000'000)};
  CHECK(human_distance(now, now) == "now");
  CHECK(human_distance(now + seconds(90), now) == "in 1m 30s");
  CHECK(human_distance(now - seconds(90), now) == "1m 30s ago");
}
