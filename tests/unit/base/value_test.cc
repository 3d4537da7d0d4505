#include "base/clock.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/metrics.h"
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

namespace {

// As documented: a double quote behind "=" begins a value with escapes, else a comma ends it.
std::vector<std::pair<std::string, std::string>> fields_of(std::string line) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (line.erase(0, line.find(' ') + 1); !line.empty();) {
    const auto equals = line.find('=');
    std::string value;
    std::size_t at = equals + 1;
    if (at < line.size() && line[at] == '"') {
      for (++at; line.at(at) != '"'; ++at) value += line[at] == '\\' ? line.at(++at) : line[at];
      ++at;
    } else {
      for (; at < line.size() && line[at] != ','; ++at) value += line[at];
    }
    fields.emplace_back(line.substr(0, equals), value);
    if (at < line.size() && line.substr(at, 2) != ", ") FAIL("no separator");
    line.erase(0, at + 2);
  }
  return fields;
}

}  // namespace

TEST_CASE("a log line keeps remote text in its field") {
  const LogLine line =
      LogLine("policy").with("domain", "d.example").with("detail", "x, level=none\nfake: y").with("count", 3);
  CHECK(line.text() == "policy: domain=d.example, detail=\"x, level=none?fake: y\", count=3");
}

TEST_CASE("whatever the values, a log line comes apart into the fields that were put in") {
  const auto value = GENERATE(as<std::string>(), "", "a b", "a, b", "a, level=none", "\"", "\"\", b=\"", "\\",
                              "\\, \"x\", y=z", ",", "he said \"no\"", "\", b=c", "a\\\"");
  CAPTURE(value);
  const LogLine line = LogLine("event").with("first", value).with("second", value).with("last", 1);
  CHECK(fields_of(line.text()) ==
        std::vector<std::pair<std::string, std::string>>{{"first", value}, {"second", value}, {"last", "1"}});
}

TEST_CASE("a log value too long is cut between two words") {
  std::string text = "why";
  while (text.size() < 1000) text += " because";
  const std::string line = LogLine("event").with("reason", text).text();
  CHECK(line.size() < 450);
  CHECK(line.ends_with(" because..."));
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
