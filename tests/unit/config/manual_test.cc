// Compares tlspolicyd.conf(5) with the table. To write the block anew after a change of
// the table: unit_config "[.write]"
#include <fstream>
#include <sstream>

#include "catch.h"
#include "config/describe.h"

using namespace tlspolicyd;

namespace {

const std::string kManual = TLSPOLICYD_SOURCE "/man/tlspolicyd.conf.5";
constexpr const char* kBegin = ".\\\" parameters: begin (written from the table in src/config/params.cc)\n";
constexpr const char* kEnd = ".\\\" parameters: end\n";

struct Parts {
  std::string head, block, tail;
};

Parts read_manual() {
  std::stringstream stream;
  stream << std::ifstream(kManual).rdbuf();
  const std::string text = stream.str();
  const auto begin = text.find(kBegin), end = text.find(kEnd);
  REQUIRE(begin != text.npos);
  REQUIRE(end != text.npos);
  const auto block = begin + std::string(kBegin).size();
  return {text.substr(0, block), text.substr(block, end - block), text.substr(end)};
}

}  // namespace

TEST_CASE("tlspolicyd.conf(5) says what the table says") { CHECK(read_manual().block == describe_for_manual()); }

TEST_CASE("write the parameter block of tlspolicyd.conf(5)", "[.write]") {
  const Parts parts = read_manual();
  std::ofstream(kManual) << parts.head << describe_for_manual() << parts.tail;
  SUCCEED("written");
}
