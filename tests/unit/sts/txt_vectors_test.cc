// The vectors of tests/vectors/txt.json, a test for each conformance row.
#include <array>

#include "catch.h"
#include "sts/txt_record.h"
#include "vectors/read_vectors.h"

using namespace tlspolicyd;

namespace {

std::string_view name_of(TxtProblem problem) {
  constexpr std::array<std::string_view, 3> kNames{"absent", "several", "malformed"};
  return kNames[static_cast<std::size_t>(problem)];
}

void check_vector(const vectors::Txt& vector) {
  CAPTURE(vector.name);
  const auto id = parse_txt_rrset(vector.records);
  if (vector.fault.empty()) {
    REQUIRE(id);
    CHECK(*id == vector.id);
    return;
  }
  REQUIRE_FALSE(id);
  CHECK(name_of(id.error().problem) == vector.fault);
  CHECK(vectors::has_said(vector, id.error().detail));
}

void check_txt_row(std::string_view row) {
  const auto rows = vectors::of_row(vectors::read_txt(), row);
  REQUIRE_FALSE(rows.empty());
  for (const vectors::Txt& vector : rows) check_vector(vector);
}

}  // namespace

TEST_CASE("D-02 the version comes first, exact in case, without blanks") { check_txt_row("D-02"); }
TEST_CASE("D-03 a record needs a field id, wherever it stands") { check_txt_row("D-03"); }
TEST_CASE("D-04 an id is 1 to 32 letters and digits, kept as they are") { check_txt_row("D-04"); }
TEST_CASE("D-05 unknown fields are ignored if they are well formed") { check_txt_row("D-05"); }
TEST_CASE("D-06 the first of several ids counts") { check_txt_row("D-06"); }
TEST_CASE("D-07 several records: only those that begin v=STSv1; count, and one of them must be") {
  check_txt_row("D-07");
}
TEST_CASE("D-08 a malformed record is none") { check_txt_row("D-08"); }
TEST_CASE("D-09 character-strings are joined with nothing between, records never") { check_txt_row("D-09"); }
TEST_CASE("D-12 ids are words without an order") { check_txt_row("D-12"); }
TEST_CASE("D-17 octets are octets: no unescaping, no unquoting, NUL is one of them") { check_txt_row("D-17"); }
TEST_CASE("D-18 what a wildcard brings is judged like any other answer") { check_txt_row("D-18"); }

TEST_CASE("every vector of txt.json belongs to a row that is tested") {
  constexpr std::string_view kRows = "D-02 D-03 D-04 D-05 D-06 D-07 D-08 D-09 D-12 D-17 D-18";
  for (const vectors::Txt& vector : vectors::read_txt()) {
    CAPTURE(vector.name, vector.row);
    CHECK(kRows.find(vector.row) != kRows.npos);
  }
}

TEST_CASE("D-07 the order of records does not matter") {
  for (vectors::Txt& vector : vectors::of_row(vectors::read_txt(), "D-07")) {
    CAPTURE(vector.name);
    const std::vector<std::string> reversed(vector.records.rbegin(), vector.records.rend());
    CHECK(parse_txt_rrset(reversed).has_value() == parse_txt_rrset(vector.records).has_value());
  }
}

TEST_CASE("X-07 the largest hostile RRset ends in a reason of bounded length") {
  const auto [name, record] = GENERATE(table<const char*, std::string>({
      {"semicolons", "v=STSv1" + std::string(65'000, ';')},
      {"one long id", "v=STSv1;id=" + std::string(65'000, 'a')},
      {"one long name", "v=STSv1;" + std::string(65'000, 'a') + "=x"},
      {"no equals", "v=STSv1;" + std::string(65'000, 'a')},
      {"octets", "v=STSv1;" + std::string(65'000, '\xff')},
      {"other version", "v=STSv2" + std::string(65'000, ' ')},
  }));
  CAPTURE(name);
  const auto id = parse_txt_rrset(std::vector<std::string>{record});
  REQUIRE_FALSE(id);
  CHECK(id.error().detail.size() < 400);
}
