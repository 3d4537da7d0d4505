#include "config/values.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("durations take a whole number and one unit") {
  CHECK(parse_duration("90s") == seconds(90));
  CHECK(parse_duration("5m") == seconds(300));
  CHECK(parse_duration("1h") == seconds(3600));
  CHECK(parse_duration("30d") == seconds(2'592'000));
  CHECK(parse_duration("2w") == seconds(1'209'600));
}

TEST_CASE("durations refuse everything else") {
  const auto [name, text] = GENERATE(table<const char*, const char*>({
      {"empty", ""},
      {"no unit", "60"},
      {"unit alone", "s"},
      {"unknown unit", "1y"},
      {"capital", "1H"},
      {"sign", "-1s"},
      {"fraction", "1.5h"},
      {"blank", "1 h"},
      {"two units", "1h30m"},
      {"beyond any clock", "99999999999999999999w"},
      {"product overflows", "9000000000000000000w"},
  }));
  CAPTURE(name, text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("sizes are octets, or binary multiples") {
  CHECK(parse_size("65536") == 65536u);
  CHECK(parse_size("64k") == 65536u);
  CHECK(parse_size("512M") == 536'870'912u);
  CHECK(parse_size("2g") == 2'147'483'648u);
  for (const char* text : {"", "k", "1t", "-1", "1kb", "1 k", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("octal modes") {
  CHECK(parse_octal("0660") == 0660u);
  CHECK(parse_octal("666") == 0666u);
  for (const char* text : {"", "0888", "rw", "00666", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_octal(text));
  }
}

TEST_CASE("listen takes a list of inet and unix sockets") {
  const auto list = parse_listen("inet:127.0.0.1:8461, unix:/run/x  inet:[::1]:1\tinet:localhost:65535");
  REQUIRE(list);
  REQUIRE(list->size() == 4);
  CHECK(to_text(list->at(0)) == "inet:127.0.0.1:8461");
  CHECK(to_text(list->at(1)) == "unix:/run/x");
  CHECK(to_text(list->at(2)) == "inet:[::1]:1");
  CHECK(to_text(list->at(3)) == "inet:localhost:65535");
}

TEST_CASE("listen refuses what could not be bound") {
  const auto [name, text] = GENERATE(table<const char*, std::string>({
      {"no transport", "127.0.0.1:8461"},
      {"unknown transport", "tcp:127.0.0.1:8461"},
      {"no port", "inet:127.0.0.1"},
      {"empty port", "inet:127.0.0.1:"},
      {"port 0", "inet:127.0.0.1:0"},
      {"port too large", "inet:127.0.0.1:65536"},
      {"service name", "inet:127.0.0.1:smtp"},
      {"blank host", "inet:[]:8461"},
      {"no host", "inet:8461"},
      {"bare IPv6", "inet:::1:8461"},
      {"open bracket", "inet:[::1:1"},
      {"junk after bracket", "inet:[::1]x:1"},
      {"relative path", "unix:run/x"},
      {"no path", "unix:"},
      {"path too long", "unix:/" + std::string(107, 'x')},
  }));
  CAPTURE(name, text);
  CHECK_FALSE(parse_listen(text));
}

TEST_CASE("a unix path may fill sun_path to its last octet") { CHECK(parse_listen("unix:/" + std::string(106, 'x'))); }

TEST_CASE("resolvers are addresses with or without a port") {
  const auto list = parse_resolvers("127.0.0.1 192.0.2.1:5353, ::1, [2001:db8::1]:53 [fe80::2%eth0]");
  REQUIRE(list);
  REQUIRE(list->size() == 5);
  CHECK(to_text(list->at(0)) == "127.0.0.1:53");
  CHECK(to_text(list->at(1)) == "192.0.2.1:5353");
  CHECK(to_text(list->at(2)) == "[::1]:53");
  CHECK(to_text(list->at(3)) == "[2001:db8::1]:53");
  CHECK(to_text(list->at(4)) == "[fe80::2%eth0]:53");
  CHECK(parse_resolvers("")->empty());
  for (const char* text : {"dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.256", "[::1]:x", "[]"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_resolvers(text));
  }
}

TEST_CASE("the cache is sqlite with an absolute path, or memory") {
  CHECK(parse_cache("memory:")->sqlite_path.empty());
  CHECK(parse_cache("sqlite:/a/b c.db")->sqlite_path == "/a/b c.db");
  for (const char* text : {"", "memory", "memory:x", "sqlite:", "sqlite:cache.db", "/a/b", "redis:x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cache(text));
  }
}
