#include "config/hints.h"

#include "catch.h"
#include "config/params.h"
#include "config/values.h"

using namespace tlspolicyd;

TEST_CASE("a misspelt parameter has its nearest, a strange one has none") {
  const auto [name, nearest] = GENERATE(table<std::string, std::string>({
      {"fetch_timout", "fetch_timeout"},
      {"fetchtimeout", "fetch_timeout"},
      {"fetch-timeout", "fetch_timeout"},
      {"Listen", "listen"},
      {"resolvers", "resolver"},
      {"loglevel", "log_level"},
      {"dns_atempts", "dns_attempts"},
      {"chache", "cache"},
      {"usr", "user"},
      {"port", ""},
      {"smtp_tls_security_level", ""},
      {"", ""},
      {std::string(1000, 'x'), ""},
  }));
  CAPTURE(name);
  CHECK(nearest_parameter(name) == nearest);
}

TEST_CASE("every parameter is its own nearest") {
  for (const Param& param : params()) CHECK(nearest_parameter(param.name) == param.name);
}

TEST_CASE("a comment begins at a '#' after a blank, and no default has one") {
  CHECK(comment_in("memory: # note") == 8);
  CHECK(comment_in("# note") == 0);
  CHECK(comment_in("/run/a#b") == std::string_view::npos);
  CHECK(comment_in("") == std::string_view::npos);
  for (const Param& param : params()) CHECK(comment_in(param.fallback) == std::string_view::npos);
}

TEST_CASE("quotes are those of one kind on both sides") {
  CHECK(within_quotes("\"5m\"") == "5m");
  CHECK(within_quotes("''") == "");
  CHECK(within_quotes("''").data() != nullptr);
  for (const char* text : {"5m", "\"5m", "\"5m'", "\"", ""}) {
    CAPTURE(text);
    CHECK(within_quotes(text).data() == nullptr);
  }
}

TEST_CASE("units in words") {
  CHECK(unit_for("min") == 'm');
  CHECK(unit_for("Seconds") == 's');
  CHECK(unit_for("hrs") == 'h');
  CHECK(unit_for("days") == 'd');
  CHECK(unit_for("week") == 'w');
  for (const char* text : {"", "m", "ms", "month", "y"}) CHECK(unit_for(text) == 0);
}

TEST_CASE("elements of listen that cannot be bound side by side") {
  const auto [listen, second] = GENERATE(table<const char*, const char*>({
      {"inet:127.0.0.1:1 inet:127.0.0.1:2", ""},
      {"inet:127.0.0.1:1 inet:127.0.0.2:1", ""},
      {"inet:127.0.0.1:1 inet:127.0.0.1:1", "inet:127.0.0.1:1"},
      {"unix:/a unix:/b unix:/a", "unix:/a"},
      {"inet:[::1]:1 inet:[0:0:0:0:0:0:0:1]:1", "inet:[0:0:0:0:0:0:0:1]:1"},
      {"inet:0.0.0.0:1 inet:127.0.0.1:1", "inet:127.0.0.1:1"},
      {"inet:127.0.0.1:1 inet:0.0.0.0:1", "inet:0.0.0.0:1"},
      {"inet:0.0.0.0:1 inet:[::]:1", ""},
      {"inet:[::]:1 inet:[::1]:1", "inet:[::1]:1"},
      {"inet:localhost:1 inet:LocalHost:1", "inet:LocalHost:1"},
      {"inet:localhost:1 inet:127.0.0.1:1", ""},
  }));
  CAPTURE(listen);
  CHECK(repeated_listener(*parse_listen(listen)) == second);
}

TEST_CASE("elements of listen on all addresses") {
  CHECK(wildcard_listener(*parse_listen("inet:127.0.0.1:1 unix:/run/x")) == "");
  CHECK(wildcard_listener(*parse_listen("inet:127.0.0.1:1 inet:0.0.0.0:2")) == "inet:0.0.0.0:2");
  CHECK(wildcard_listener(*parse_listen("inet:[::]:2")) == "inet:[::]:2");
}

TEST_CASE("what editors put before a text") {
  CHECK(byte_order_mark("\xEF\xBB\xBFx") == "a UTF-8 byte order mark");
  CHECK(byte_order_mark(std::string("\xFF\xFEx\0", 4)) == "UTF-16");
  CHECK(byte_order_mark("listen = x").empty());
  CHECK(byte_order_mark("").empty());
}
