// The vectors of tests/vectors/policy.json, a test for each conformance row.
#include "catch.h"
#include "sts/policy.h"
#include "vectors/read_vectors.h"

using namespace tlspolicyd;

namespace {

void check_good(const vectors::PolicyText& vector, const PolicyReading& reading) {
  CAPTURE(reading.policy ? "" : reading.policy.error().detail);
  REQUIRE(reading.policy);
  CHECK(name_of(reading.policy->mode) == vector.mode);
  CHECK(reading.policy->max_age == seconds(vector.max_age));
  CHECK(reading.policy->mx.list() == vector.mx);
  CHECK(reading.notes.size() == vector.notes);
}

void check_bad(const vectors::PolicyText& vector, const PolicyReading& reading) {
  REQUIRE_FALSE(reading.policy);
  const PolicyFault& fault = reading.policy.error();
  CHECK(fault.line == vector.line);
  CHECK(fault.field == vector.field);
  CHECK(vectors::has_said(vector, fault.detail));
  if (fault.line != 0) CHECK(fault.detail.rfind("line " + std::to_string(fault.line) + ": ", 0) == 0);
}

// The line-by-line account must not contradict the verdict on the whole.
void check_explained(const vectors::PolicyText& vector) {
  unsigned first_error = 0;
  for (const PolicyLine& line : explain_policy(vector.document)) {
    CHECK_FALSE(line.verdict.empty());
    CHECK(line.error == (line.verdict.rfind("error: ", 0) == 0));
    if (line.error && first_error == 0) first_error = line.number;
  }
  CHECK(first_error == vector.line);
}

void check_row(std::string_view row) {
  const auto rows = vectors::of_row(vectors::read_policy(), row);
  REQUIRE_FALSE(rows.empty());
  for (const vectors::PolicyText& vector : rows) {
    CAPTURE(vector.name);
    const PolicyReading reading = parse_policy(vector.document);
    vector.mode.empty() ? check_bad(vector, reading) : check_good(vector, reading);
    check_explained(vector);
  }
}

}  // namespace

TEST_CASE("P-01 LF and CR LF end a line, mixed or not, the last one at will") { check_row("P-01"); }
TEST_CASE("P-02 nothing else ends a line") { check_row("P-02"); }
TEST_CASE("P-03 blanks stand behind the colon and at the line's end only") { check_row("P-03"); }
TEST_CASE("P-04 fields come in any order") { check_row("P-04"); }
TEST_CASE("P-05 version, mode and max_age are needed, mx unless the mode is none") { check_row("P-05"); }
TEST_CASE("P-06 the first of a repeated field counts, mx adds up") { check_row("P-06"); }
TEST_CASE("P-07 unknown fields are ignored, and keys that differ in case are unknown") { check_row("P-07"); }
TEST_CASE("P-08 the values of unknown fields are UTF-8 without control characters") { check_row("P-08"); }
TEST_CASE("P-09 the version is exactly STSv1") { check_row("P-09"); }
TEST_CASE("P-10 the mode is one of three lower-case words") { check_row("P-10"); }
TEST_CASE("P-11 max_age is 1 to 10 digits, a year at most counts") { check_row("P-11"); }
TEST_CASE("P-12 an mx line holds one pattern") { check_row("P-12"); }
TEST_CASE("P-13 an mx line is a host name or a wildcard of one whole label") { check_row("P-13"); }
TEST_CASE("P-14 international names are A-labels") { check_row("P-14"); }

TEST_CASE("every vector of policy.json belongs to a row that is tested") {
  for (const vectors::PolicyText& vector : vectors::read_policy()) {
    CAPTURE(vector.name, vector.row);
    CHECK(vector.row >= "P-01");
    CHECK(vector.row <= "P-14");
  }
}

TEST_CASE("P-01 each good document is as good with the other line end") {
  for (const vectors::PolicyText& vector : vectors::read_policy()) {
    if (vector.mode.empty() || vector.document.find('\r') != std::string::npos) continue;
    CAPTURE(vector.name);
    std::string crlf;
    for (const char c : vector.document) crlf += c == '\n' ? "\r\n" : std::string(1, c);
    CHECK(parse_policy(crlf).policy.value() == parse_policy(vector.document).policy.value());
  }
}
