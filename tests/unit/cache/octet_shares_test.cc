#include "cache/octet_shares.h"

#include <numeric>

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("those who hold most octets give until they hold no more than the next") {
  struct Row {
    const char* name;
    std::vector<std::uint64_t> held;
    std::uint64_t needed;
    std::vector<std::uint64_t> shares;
  };
  const auto row = GENERATE(values<Row>({
      {"nothing needed", {5, 9}, 0, {0, 0}},
      {"the largest alone", {5, 9, 0}, 3, {0, 3, 0}},
      {"the two largest", {5, 9, 0}, 6, {1, 5, 0}},
      {"all there is", {5, 9}, 14, {5, 9}},
      {"more than there is", {5, 9}, 100, {5, 9}},
      {"nobody", {}, 3, {}},
  }));
  CAPTURE(row.name);
  CHECK(octet_shares(row.held, row.needed) == row.shares);
}

TEST_CASE("what is given is enough, and at most one octet a holder more") {
  const std::vector<std::uint64_t> held{1'000'000, 999'999, 70'000, 3, 0};
  const std::uint64_t needed = GENERATE(1U, 2U, 3U, 1'000'001U, 1'500'000U, 2'070'000U);
  const auto shares = octet_shares(held, needed);
  const auto given = std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
  CHECK(given >= needed);
  CHECK(given < needed + held.size());
}

TEST_CASE("size classes are powers of two, open at both ends") {
  CHECK(size_class_of(0) == 0);
  CHECK(size_class_of(511) == 0);
  CHECK(size_class_of(512) == 1);
  CHECK(size_class_of(1023) == 1);
  CHECK(size_class_of(65'536) == kSizeClasses - 1);
  CHECK(size_class_of(UINT64_MAX) == kSizeClasses - 1);
}
