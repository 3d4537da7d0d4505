#include "postfix/socketmap.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("a request parts at its first blank, whatever the key holds") {
  const auto [name, payload, map, key] = GENERATE(table<const char*, std::string, std::string, std::string>({
      {"ordinary", "QUERY d.example", "QUERY", "d.example"},
      {"blanks in the key", "QUERY a b  c ", "QUERY", "a b  c "},
      {"empty key", "QUERY ", "QUERY", ""},
      {"empty name", " d.example", "", "d.example"},
      {"NUL in the key", std::string("Q a\0b", 5), "Q", std::string("a\0b", 3)},
      {"raw UTF-8",
       "QUERY b\xc3\xbc"
       "cher.example",
       "QUERY",
       "b\xc3\xbc"
       "cher.example"},
  }));
  CAPTURE(name);
  const auto request = parse_socketmap_request(payload);
  REQUIRE(request);
  CHECK(request->map_name == map);
  CHECK(request->key == key);
}

TEST_CASE("S-09 a payload without a blank is no request") {
  CHECK_FALSE(parse_socketmap_request(""));
  CHECK_FALSE(parse_socketmap_request("QUERY"));
  CHECK_FALSE(parse_socketmap_request("QUERY\td.example"));
}

TEST_CASE("replies are counted by what they tell Postfix") {
  const auto [payload, word] = GENERATE(table<const char*, const char*>({
      {"NOTFOUND ", "notfound"},
      {"TEMP later", "temp"},
      {"OK secure match=a.example servername=hostname", "secure"},
      {"OK may policy_type=sts", "other"},
      {"OK dane-only", "dane"},
      {"OK none", "other"},
      {"OK", "other"},
      {"", "other"},
  }));
  CAPTURE(payload);
  CHECK(name_of(kind_of_reply(payload)) == word);
}
