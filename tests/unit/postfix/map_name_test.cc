#include "postfix/map_name.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

constexpr std::string_view kTlsrpt = "QUERYwithTLSRPT";

MapName plain(std::optional<BaseLevel> level = std::nullopt) { return {.level = level}; }
MapName tlsrpt(std::optional<BaseLevel> level = std::nullopt) { return {.form = MapForm::tlsrpt, .level = level}; }

}  // namespace

TEST_CASE("a map name selects the form, and after an @ names the level of the client") {
  const auto [name, means] = GENERATE(table<const char*, MapName>({
      {"QUERY", plain()},
      {"query", plain()},
      {"QUERYwithTLSRPT", tlsrpt()},
      {"querywithtlsrpt", tlsrpt()},
      {"QUERY@dane", plain(BaseLevel::dane)},
      {"QUERY@none", plain(BaseLevel::none)},
      {"QUERYwithTLSRPT@dane-only", tlsrpt(BaseLevel::dane_only)},
      {"queryWITHtlsrpt@ENCRYPT", tlsrpt(BaseLevel::encrypt)},
  }));
  CAPTURE(name);
  CHECK(parse_map_name(name, kTlsrpt) == means);
}

TEST_CASE("every level of Postfix can be named") {
  for (std::size_t i = 1; i < kBaseLevels; ++i) {
    const auto level = static_cast<BaseLevel>(i);
    CHECK(parse_map_name("QUERY@" + std::string(name_of(level)), kTlsrpt) == plain(level));
  }
}

TEST_CASE("a level that Postfix does not have counts as none, and is marked") {
  const auto name =
      GENERATE("QUERY@", "QUERY@unknown", "QUERY@dnae", "QUERY@dane@dane", "QUERY@dane ", "QUERY@halfdane");
  CHECK(parse_map_name(name, kTlsrpt) == MapName{.level = {}, .level_known = false});
}

TEST_CASE("a form that nobody has counts as plain, and is marked") {
  CHECK(parse_map_name("TLS", kTlsrpt) == MapName{.form_known = false, .level = {}});
  CHECK(parse_map_name("@may", kTlsrpt) == MapName{.form_known = false, .level = BaseLevel::may});
  CHECK(parse_map_name("", "") == MapName{.form_known = false, .level = {}});
  CHECK(parse_map_name("@", "") == MapName{.form_known = false, .level = {}, .level_known = false});
}

TEST_CASE("levels have the words of smtp_tls_security_level") {
  CHECK(parse_base_level("dane-only") == BaseLevel::dane_only);
  CHECK(parse_base_level("MAY") == BaseLevel::may);
  CHECK(parse_base_level("") == BaseLevel::none);
  CHECK_FALSE(parse_base_level("unknown"));
  CHECK_FALSE(parse_base_level("halfdane"));
  CHECK(name_of(BaseLevel::dane_only) == "dane-only");
}
