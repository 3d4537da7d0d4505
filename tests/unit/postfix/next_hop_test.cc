// The vectors of tests/vectors/keys.json, a test for each conformance row.
#include "postfix/next_hop.h"

#include "catch.h"
#include "vectors/read_vectors.h"

using namespace tlspolicyd;

namespace {

void check_good(const vectors::Key& vector, const Result<NextHop>& hop) {
  CAPTURE(hop ? "" : hop.error().text);
  REQUIRE(hop);
  CHECK(hop->domain.text() == *vector.domain);
  CHECK(hop->bracketed == vector.bracketed);
  CHECK(hop->port == vector.port);
}

void check_row(std::string_view row) {
  const auto rows = vectors::of_row(vectors::read_keys(), row);
  REQUIRE_FALSE(rows.empty());
  for (const vectors::Key& vector : rows) {
    CAPTURE(vector.name);
    const auto hop = parse_next_hop(vector.key);
    if (vector.domain) {
      check_good(vector, hop);
      continue;
    }
    REQUIRE_FALSE(hop);
    CHECK(vectors::has_said(vector, hop.error().text));
  }
}

}  // namespace

TEST_CASE("S-01 a key is its own policy domain and no other") { check_row("S-01"); }
TEST_CASE("S-03 a key with a leading dot has no policy") { check_row("S-03"); }
TEST_CASE("S-04 a smart host is the policy domain, whatever its port") { check_row("S-04"); }
TEST_CASE("S-05 brackets and port are stripped from a host") { check_row("S-05"); }
TEST_CASE("S-06 address literals have no policy") { check_row("S-06"); }
TEST_CASE("S-07 U-labels are converted before anything is asked") { check_row("S-07"); }
TEST_CASE("S-08 garbage has no policy") { check_row("S-08"); }
TEST_CASE("D-19 names that no query can hold have no policy") { check_row("D-19"); }

TEST_CASE("every vector of keys.json belongs to a row that is tested") {
  constexpr std::string_view kRows = "S-01 S-03 S-04 S-05 S-06 S-07 S-08 D-19";
  for (const vectors::Key& vector : vectors::read_keys()) {
    CAPTURE(vector.name, vector.row);
    CHECK(kRows.find(vector.row) != kRows.npos);
  }
}

TEST_CASE("S-05 the same host with and without brackets is another next hop of the same domain") {
  const auto bare = parse_next_hop("relay.example"), bracketed = parse_next_hop("[relay.example]");
  REQUIRE(bare);
  REQUIRE(bracketed);
  CHECK(bare->domain == bracketed->domain);
  CHECK_FALSE(*bare == *bracketed);
}

TEST_CASE("S-08 a key of 20 kB is refused in few words") {
  for (const char* piece : {"a", "a.", "[", ":", ".", "\xc3\xbc", "\xff", " "}) {
    CAPTURE(piece);
    std::string key;
    while (key.size() < 20'000) key += piece;
    const auto hop = parse_next_hop(key);
    REQUIRE_FALSE(hop);
    CHECK(hop.error().text.size() < 250);
  }
}
