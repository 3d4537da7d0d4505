#include "answer/map_names.h"

#include "catch.h"
#include "fakes/captured_log.h"

using namespace tlspolicyd;

namespace {

constexpr std::string_view kTlsrpt = "QUERYwithTLSRPT";

struct MapNamesRig {
  void ask(std::string_view name, int times = 1) {
    for (int i = 0; i < times; ++i) news += names.count(name, parse_map_name(name, kTlsrpt)) ? 1 : 0;
  }
  [[nodiscard]] std::uint64_t lookups(std::string_view name) const {
    for (const auto& seen : names.seen(kTlsrpt))
      if (seen.name == name) return seen.lookups;
    return 0;
  }

  int news = 0;
  CapturedLog log;
  MapNames names{log};
};

}  // namespace

TEST_CASE("map names are counted, however they are spelled") {
  MapNamesRig rig;
  rig.ask("QUERY", 3);
  rig.ask("query");
  rig.ask("QUERY@dane", 2);
  rig.ask("querywithtlsrpt@MAY");
  CHECK(rig.lookups("QUERY") == 4);
  CHECK(rig.lookups("QUERY@dane") == 2);
  CHECK(rig.lookups("QUERYwithTLSRPT@may") == 1);
  CHECK(rig.names.seen(kTlsrpt).size() == 3);
  CHECK(rig.news == 3);
  CHECK(rig.names.seen(MapForm::tlsrpt));
  CHECK(rig.log.lines.empty());
}

TEST_CASE("a level that Postfix does not have is one error in the log, and marked in the list") {
  MapNamesRig rig;
  rig.ask("QUERY@dnae", 5);
  CHECK(rig.log.count(LogLevel::error, "map: name=QUERY@dnae, reason=after the @ stands no level of Postfix") == 1);
  REQUIRE(rig.names.seen(kTlsrpt).size() == 1);
  CHECK(rig.names.seen(kTlsrpt).front().lookups == 5);
  CHECK_FALSE(rig.names.seen(kTlsrpt).front().means.level_known);
}

TEST_CASE("unknown map names cost one log line each, and of very many only the first are kept") {
  MapNamesRig rig;
  rig.ask("one", 2);
  rig.ask("two\n");
  CHECK(rig.log.lines.size() == 2);
  CHECK(rig.lookups("two?") == 1);
  for (int i = 0; i < 1000; ++i) rig.ask(std::to_string(i));
  CHECK(rig.log.lines.size() == MapNames::kMaxUnknown);
  rig.ask("QUERY@encrypt");
  CHECK(rig.lookups("QUERY@encrypt") == 1);
  CHECK(rig.lookups("(others)") == 1000 + 2 - MapNames::kMaxUnknown);
  rig.ask("QUERY@dnae");  // no crowd of names hides that
  CHECK(rig.log.count(LogLevel::error, "map: name=QUERY@dnae") == 1);
  for (int i = 0; i < 1000; ++i) rig.ask("QUERY@" + std::to_string(i));
  CHECK(rig.log.lines.size() == 2 * MapNames::kMaxUnknown);
}
