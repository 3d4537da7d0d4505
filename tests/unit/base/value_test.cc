#include "base/ip_address.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/clock.h"
#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("an address survives the way through text") {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "::", "::ffff:192.0.2.1"}) {
    CAPTURE(text);
    const auto address = parse_ip(text);
    REQUIRE(address);
    CHECK(to_text(*address) == text);
  }
}

TEST_CASE("parse_ip refuses what is no bare address") {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "[::1]", "fe80::1%eth0", "1.2.3.4 "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ip(text));
  }
}

TEST_CASE("a log line keeps remote text in its field") {
  const LogLine line = LogLine("policy").with("domain", "d.example").with("detail", "x, level=none\nfake: y").with("count", 3);
  CHECK(line.text() == "policy: domain=d.example, detail=x? level=none?fake: y, count=3");
}

TEST_CASE("counters start at zero and keep their address") {
  Metrics metrics;
  std::uint64_t& fetched = metrics.counter("fetch", "ok");
  metrics.add("fetch", "webpki");
  ++fetched;
  CHECK(metrics.value("fetch", "ok") == 1);
  CHECK(metrics.value("fetch", "webpki") == 1);
  CHECK(metrics.value("fetch", "never") == 0);
}

TEST_CASE("wall times are written as RFC 3339 in UTC") {
  CHECK(rfc3339(WallTime(seconds(0))) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339(WallTime(seconds(1767225599))) == "2025-12-31T23:59:59Z");
  CHECK(rfc3339(WallTime(seconds(253402300799))) == "9999-12-31T23:59:59Z");
}
