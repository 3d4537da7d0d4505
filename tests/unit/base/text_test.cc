#include "base/text.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("printable leaves nothing that could forge a log line") {
  CHECK(printable("plain text") == "plain text");
  CHECK(printable("a\nb\tc,d\x7f\xc3\xa9") == "a?b?c,d???");
  CHECK(printable(std::string(300, 'x')) == std::string(197, 'x') + "...");
  CHECK(printable("x\x1b" + std::string(300, ' ')).size() <= 200);
}

TEST_CASE("an excerpt ends between two words, and says that it is one") {
  CHECK(excerpt("one two three", 13) == "one two three");
  CHECK(excerpt("one two three", 12) == "one two...");
  CHECK(excerpt("one two three", 10) == "one two...");
  CHECK(excerpt("a onetwothree", 10) == "a onetw...");
  CHECK(excerpt("onetwothree", 4) == "o...");
}

TEST_CASE("trim takes blanks and tabs, nothing else") {
  CHECK(trim(" \t a b \t") == "a b");
  CHECK(trim("\v a") == "\v a");
  CHECK(trim(" \t").empty());
}

TEST_CASE("split keeps empty pieces") {
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("parse_decimal takes digits within the limit only") {
  CHECK(parse_decimal("0042", 100) == 42u);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "99999999999999999999999", "101"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text, 100));
  }
}

TEST_CASE("is_utf8 follows RFC 3629") {
  const auto [name, text, valid] = GENERATE(table<const char*, std::string, bool>({
      {"ascii", "abc", true},
      {"two octets", "\xc3\xa9", true},
      {"four octets", "\xf0\x9f\x93\xae", true},
      {"overlong slash", "\xc0\xaf", false},
      {"overlong three", "\xe0\x80\xaf", false},
      {"surrogate", "\xed\xa0\x80", false},
      {"above U+10FFFF", "\xf4\x90\x80\x80", false},
      {"cut short", "\xe2\x82", false},
      {"stray continuation", "\x80", false},
  }));
  CAPTURE(name);
  CHECK(is_utf8(text) == valid);
}

TEST_CASE("equals_ignoring_case folds ASCII only") {
  CHECK(equals_ignoring_case("QueryWithTLSRPT", "querywithtlsrpt"));
  CHECK_FALSE(equals_ignoring_case("\xc3\x89", "\xc3\xa9"));
  CHECK_FALSE(equals_ignoring_case("abc", "abcd"));
}
