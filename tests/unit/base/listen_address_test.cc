#include "base/listen_address.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("listen addresses in every form") {
  const auto [text, host, port, path] = GENERATE(table<std::string, std::string, int, std::string>({
      {"inet:127.0.0.1:8461", "127.0.0.1", 8461, ""},
      {"inet:[::1]:8461", "::1", 8461, ""},
      {"inet:localhost:65535", "localhost", 65535, ""},
      {"inet::8461", "", 8461, ""},
      {"unix:/run/tlspolicyd/map", "", 0, "/run/tlspolicyd/map"},
      {"unix:/run/a:b", "", 0, "/run/a:b"},
  }));
  CAPTURE(text);
  const auto address = parse_listen_address(text);
  REQUIRE(address);
  CHECK(address->host == host);
  CHECK(address->port == port);
  CHECK(address->path == path);
  CHECK(to_text(*address) == text);
}

TEST_CASE("a listen address that is none is named, with what is wrong") {
  const auto [text, part] = GENERATE(table<std::string, std::string>({
      {"", "begins with neither"},
      {"127.0.0.1:8461", "begins with neither"},
      {"tcp:127.0.0.1:8461", "begins with neither"},
      {"inet:8461", "the port is missing"},
      {"inet:127.0.0.1:", "the port is no number"},
      {"inet:127.0.0.1:65536", "the port is no number"},
      {"inet:127.0.0.1:smtp", "the port is no number"},
      {"inet:::1:8461", "stands in brackets"},
      {"inet:[::1:8461", "brackets do not match"},
      {"inet:[]:8461", "brackets do not match"},
      {"inet:a b:8461", "no host"},
      {"unix:", "the path is missing"},
      {"unix:/" + std::string(107, 'p'), "108 octets and a socket's may have 107"},
  }));
  CAPTURE(text);
  const auto address = parse_listen_address(text);
  REQUIRE_FALSE(address);
  CHECK(address.error().text.find('"' + text + "\": ") == 0);
  CHECK(address.error().text.find(part) != std::string::npos);
}
