#include "sts/policy.h"

#include "base/text.h"
#include "catch.h"

using namespace tlspolicyd;

namespace {

const std::string kGood = "version: STSv1\nmode: enforce\nmx: mx1.d.example\nmax_age: 604800\n";

std::vector<std::string> verdicts(std::string_view document) {
  std::vector<std::string> out;
  for (const PolicyLine& line : explain_policy(document)) out.push_back(line.verdict);
  return out;
}

std::string detail_of(std::string_view document) {
  const PolicyReading reading = parse_policy(document);
  return reading.policy ? "" : reading.policy.error().detail;
}

}  // namespace

TEST_CASE("P-10 mode words go both ways") {
  for (const char* word : {"enforce", "testing", "none"}) CHECK(name_of(parse_mode(word).value()) == word);
  CHECK_FALSE(parse_mode("Enforce"));
  CHECK_FALSE(parse_mode(""));
}

TEST_CASE("a fault is a sentence that names line, field and text") {
  CHECK(detail_of("version: STSv1\nmode: enforced\n") ==
        "line 2: mode \"enforced\" is not known: it must be enforce, testing or none");
  CHECK(detail_of("max_age: 1d\n") == "line 1: max_age \"1d\" is not a number: it must be 1 to 10 digits (seconds)");
  CHECK(detail_of("mx: a.example, b.example\n") ==
        "line 1: mx \"a.example, b.example\" holds a comma: each pattern needs an mx line of its own");
  CHECK(detail_of("version: STSv1\nmode: enforce\nmax_age: 86400\n") ==
        "mx is missing: mode enforce needs at least one mx line");
  CHECK(detail_of("<html>\n") == "line 1: has no \":\" after a field name: \"<html>\"");
}

TEST_CASE("a fault quotes remote text so that it cannot be mistaken for ours") {
  const std::string detail = detail_of("mode: \x1b[2J" + std::string(5000, 'x') + "\n");
  CHECK(detail.find('\x1b') == std::string::npos);
  CHECK(detail.size() < 400);
}

TEST_CASE("P-01 notes name what was tolerated, once for each kind") {
  const auto notes = parse_policy("version: STSv1\n\nmode: enforce\n\n\nmx: a.example\nmax_age: 99999999\n").notes;
  REQUIRE(notes.size() == 2);
  CHECK(notes[0] == "3 empty line(s) where none is allowed: the first is line 2");
  CHECK(notes[1] == "max_age 99999999 is above a year and counts as 31557600");
}

TEST_CASE("P-13 mx lines that no host name can match are noted, and the rest holds") {
  const auto reading =
      parse_policy("version: STSv1\nmode: enforce\nmx: 192.0.2.7\nmx: mail.a.example\nmx: 7\nmax_age: 60\n");
  REQUIRE(reading.policy);
  CHECK(reading.policy->mx.list() == std::vector<std::string>{"mail.a.example"});
  CHECK(reading.notes ==
        std::vector<std::string>{"mx \"192.0.2.7\" is an IP address: no host name can match it (line 3), and 1 more"});
  CHECK(verdicts("mx: 010.001.002.003\n").front() ==
        "ignored: \"010.001.002.003\" is an IP address: no host name can match it");
}

TEST_CASE("P-15 a policy whose mx lines name no host at all is a policy that permits none") {
  const auto reading = parse_policy("version: STSv1\nmode: enforce\nmx: 192.0.2.7\nmax_age: 60\n");
  REQUIRE(reading.policy);
  CHECK(reading.policy->mode == Mode::enforce);
  CHECK(reading.policy->mx.empty());
}

TEST_CASE("every line of a document gets its verdict") {
  const std::string document =
      "version: STSv1\r\nnote: x\n\nmode: enforced\nmode: enforce\n mx: a.example\nmx: b.example\n"
      "max_age: 40000000";
  const std::vector<std::string> expected{"ok",
                                          "ignored: unknown field",
                                          "ignored: empty line",
                                          "error: mode \"enforced\" is not known: it must be enforce, testing or none",
                                          "ignored: mode was given in line 4",
                                          "error: begins with a blank: \" mx: a.example\"",
                                          "ok",
                                          "ok: max_age 40000000 is above a year and counts as 31557600"};
  CHECK(verdicts(document) == expected);
  const auto lines = explain_policy(document);
  CHECK(lines[0].text == "version: STSv1");
  CHECK(lines[7].number == 8);
}

TEST_CASE("the text kept is the published lines, unknown fields and blanks included") {
  const auto reading = parse_policy("version: STSv1 \r\nnote: {x}\r\n\r\nmode: none\nmode: off\nmax_age: 1");
  REQUIRE(reading.policy);
  CHECK(reading.policy->text == "version: STSv1 \nnote: {x}\nmode: none\nmode: off\nmax_age: 1");
}

TEST_CASE("of a long document whole lines are kept as long as they fit") {
  const std::string note = "note: " + std::string(90, 'n');
  std::string document = "long: " + std::string(kMaxPolicyText, 'x') + "\n" + kGood;
  for (int i = 0; i < 100; ++i) document += note + "\n";
  const auto reading = parse_policy(document);
  REQUIRE(reading.policy);
  const std::string& text = reading.policy->text;
  CHECK(text.size() <= kMaxPolicyText);
  CHECK(text.size() > kMaxPolicyText - note.size() - 1);
  CHECK(text.substr(0, kGood.size()) == kGood);
  for (const std::string_view line : split(std::string_view(text).substr(kGood.size()), '\n')) CHECK(line == note);
}

TEST_CASE("a text of exactly the bound is kept whole") {
  const std::string fill = "note: " + std::string(kMaxPolicyText - kGood.size() - 6, 'n');
  const auto reading = parse_policy(kGood + fill);
  REQUIRE(reading.policy);
  CHECK(reading.policy->text.size() == kMaxPolicyText);
  CHECK(parse_policy(kGood + fill + "n").policy->text.size() == kGood.size() - 1);
}

TEST_CASE("X-07 documents of 64 KiB made of one octet end in a reason") {
  for (const char c : {'\n', ' ', ':', 'a', '\0', '\xff', '\r', '*'}) {
    CAPTURE(static_cast<int>(c));
    const std::string detail = detail_of(std::string(65'536, c));
    CHECK_FALSE(detail.empty());
    CHECK(detail.size() < 400);
  }
  CHECK(parse_policy(std::string(65'536, '\n')).notes.size() == 1);
}

TEST_CASE("P-06 thousands of mx lines all count") {
  std::string document = "version: STSv1\nmode: enforce\nmax_age: 1\n";
  for (int i = 0; i < 3000; ++i) document += "mx: mx" + std::to_string(i) + ".d.example\n";
  const auto reading = parse_policy(document);
  REQUIRE(reading.policy);
  CHECK(reading.policy->mx.list().size() == 3000);
}
