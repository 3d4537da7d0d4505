// The vectors of tests/vectors/mx.json, a test for each conformance row.
#include "sts/mx_pattern.h"

#include "catch.h"
#include "vectors/read_vectors.h"

using namespace tlspolicyd;

namespace {

void check_patterns(std::string_view row) {
  const auto rows = vectors::of_row(vectors::read_mx_patterns(), row);
  REQUIRE_FALSE(rows.empty());
  for (const vectors::MxPattern& vector : rows) {
    CAPTURE(vector.name);
    const auto pattern = parse_mx_pattern(vector.pattern);
    REQUIRE(pattern.has_value() == vector.canonical.has_value());
    if (pattern) CHECK(*pattern == *vector.canonical);
    else CHECK(vectors::has_said(vector, pattern.error().text));
  }
}

void check_matches(std::string_view row) {
  const auto rows = vectors::of_row(vectors::read_mx_matches(), row);
  REQUIRE_FALSE(rows.empty());
  for (const vectors::MxMatch& vector : rows) {
    CAPTURE(vector.name);
    CHECK(mx_matches(vector.pattern, vector.host) == vector.matches);
    CHECK(any_mx_matches({"unrelated.example", vector.pattern}, vector.host) == vector.matches);
  }
}

}  // namespace

TEST_CASE("P-13 what an mx value may be") { check_patterns("P-13"); }
TEST_CASE("P-14 an mx value is ASCII") { check_patterns("P-14"); }
TEST_CASE("M-01 an MX name must be covered by a pattern") { check_matches("M-01"); }
TEST_CASE("M-02 the star stands for exactly one whole label") { check_matches("M-02"); }
TEST_CASE("M-03 names are compared by labels, without case, in A-labels") { check_matches("M-03"); }
TEST_CASE("M-06 what an MX name is an alias of does not matter") { check_matches("M-06"); }
TEST_CASE("M-07 without MX records the domain itself is the host") { check_matches("M-07"); }

TEST_CASE("every vector of mx.json belongs to a row that is tested") {
  constexpr std::string_view kPatternRows = "P-13 P-14", kMatchRows = "M-01 M-02 M-03 M-06 M-07";
  for (const vectors::MxPattern& vector : vectors::read_mx_patterns())
    CHECK(kPatternRows.find(vector.row) != kPatternRows.npos);
  for (const vectors::MxMatch& vector : vectors::read_mx_matches())
    CHECK(kMatchRows.find(vector.row) != kMatchRows.npos);
}

TEST_CASE("M-01 no pattern covers nothing") { CHECK_FALSE(any_mx_matches({}, "mx1.d.example")); }

TEST_CASE("M-02 each good pattern covers itself with its star filled in, and not with two labels") {
  for (const vectors::MxPattern& vector : vectors::read_mx_patterns()) {
    if (!vector.canonical || unmatchable(*vector.canonical)) continue;
    CAPTURE(vector.name);
    const bool wildcard = vector.canonical->front() == '*';
    const std::string rest = wildcard ? vector.canonical->substr(1) : *vector.canonical;
    CHECK(mx_matches(*vector.canonical, wildcard ? "a" + rest : rest));
    CHECK_FALSE(mx_matches(*vector.canonical, "a.b" + (wildcard ? rest : "." + rest)));
  }
}

TEST_CASE("a policy's patterns are canonical, in their order, and come back from one text") {
  MxPatterns patterns;
  CHECK(patterns.empty());
  CHECK(patterns.list().empty());
  REQUIRE(patterns.add("MX1.d.Example."));
  REQUIRE(patterns.add("*.mail.example"));
  CHECK(patterns.list() == std::vector<std::string>{"mx1.d.example", "*.mail.example"});
  CHECK(MxPatterns::parse_joined(patterns.joined()) == patterns);
  CHECK(MxPatterns::parse_joined("") == MxPatterns());
}

TEST_CASE("P-13 a pattern that no host name can match is well formed and gets into no policy") {
  const auto [pattern, why] = GENERATE(table<std::string, const char*>({
      {"192.0.2.7", "is an IP address"},
      {"010.001.002.003", "is an IP address"},
      {"1.2.3.4.5", "ends in a number"},
      {"mail.example.7", "ends in a number"},
      {"*.2.7", "ends in a number"},
      {"7", "ends in a number"},
      {std::string(64, 'a') + ".example", "has a label longer than DNS allows"},
      {std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(62, 'd'),
       "is longer than a DNS name may be"},
  }));
  CAPTURE(pattern);
  CHECK(parse_mx_pattern(pattern) == pattern);
  CHECK(std::string(unmatchable(pattern)) == why);
  MxPatterns patterns;
  CHECK_FALSE(patterns.add(pattern));
  REQUIRE(patterns.add("mx.example"));
  CHECK(MxPatterns::parse_joined(pattern + "\nmx.example\n" + pattern) == patterns);
  CHECK(MxPatterns::parse_joined(pattern) == MxPatterns());
}

TEST_CASE("P-13 numbers elsewhere than at the end, and the longest names, can be those of hosts") {
  const auto pattern = GENERATE(
      as<std::string>(), "1.2.example", "192.0.2.7.example", "7.xn--p1ai", "a.b7", "mx", "*.com",
      std::string(63, 'a') + ".example",
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd'));
  CHECK(unmatchable(pattern) == nullptr);
}

TEST_CASE("rule 15 what is no pattern, or not canonical, gets into no policy") {
  const auto text =
      GENERATE(as<std::string>(), "a b", "a,b", "a:b", "{a", "a=b", "*", "*.", "a.*.b", ".a", std::string("a\0", 2),
               "b\xc3\xbc"
               "cher.example",
               "\n", "a\n", "\na", "a\n\nb", "A.example", "a.example.");
  CAPTURE(text);
  CHECK_FALSE(MxPatterns::parse_joined("ok.example\n" + text));
  if (text == "A.example" || text == "a.example.") return;
  MxPatterns patterns;
  REQUIRE(patterns.add("ok.example"));
  CHECK_FALSE(patterns.add(text));
  CHECK(patterns.joined() == "ok.example");
}
