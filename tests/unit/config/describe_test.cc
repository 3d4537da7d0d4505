#include "config/describe.h"

#include "base/text.h"
#include "catch.h"
#include "config/config_file.h"

using namespace tlspolicyd;

TEST_CASE("-d names each parameter with its default, and reads back as the defaults") {
  const std::string text = describe_defaults();
  CHECK(text.find("fetch_timeout = 60s\n") != text.npos);
  CHECK(text.find("\nuser =\n") != text.npos);
  const auto config = build_config(parse_config_text(text, "-d"), {});
  REQUIRE(config);
  CHECK(describe_changed(*config).empty());
}

TEST_CASE("-n shows what differs, and only that") {
  const auto config = build_config(
      parse_config_text("fetch_timeout = 60s\nlog = syslog\ncache_max_size = 1024m\n", "t"), {"dns_attempts=4"});
  REQUIRE(config);
  CHECK(describe_changed(*config) == "dns_attempts = 4\ncache_max_size = 1g\nlog = syslog\n");
}

TEST_CASE("--help tells of each parameter within 80 columns") {
  const std::string text = describe_for_help();
  for (const std::string_view line : split(text, '\n')) {
    CAPTURE(std::string(line));
    CHECK(line.size() <= 80);
  }
  for (const Param& param : params()) CHECK(text.find("  " + std::string(param.name) + " =") != text.npos);
}

TEST_CASE("wrap cuts at blanks") {
  CHECK(wrap("one two three", 9, 2) == "  one two\n  three\n");
  CHECK(wrap("incomprehensibilities x", 5, 0) == "incomprehensibilities\nx\n");
  CHECK(wrap("", 5, 0).empty());
}
