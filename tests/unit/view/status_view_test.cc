#include "view/status_view.h"
#include "view/status_json.h"
#include "view/status_text.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "columns.h"

using namespace tlspolicyd;

namespace {

StatusView status() {
  StatusView view;
  view.version = "0.1.0";
  view.started = WallTime(seconds(1'800'000'000));
  view.uptime = seconds(3'600);
  view.pid = 4711;
  view.listen = {"inet:127.0.0.1:8461", "unix:/run/tlspolicyd/socket"};
  view.postfix_security_level = "may";
  view.maps = {{"QUERY", "may", 5, false, ""},
               {"QUERY@dane", "dane", 2, true, ""},
               {"QUERY@dnae", "may", 1, false, "no level of Postfix after the @"}};
  view.resolver_addresses = {"127.0.0.1:53"};
  view.cache_entries = 3;
  view.cache_bytes = 4'096;
  view.cache_by_mode = {{"enforce", 2}, {"absent", 1}};
  view.connections = 5;
  view.lookups = {{"secure", 7}, {"notfound", 1}};
  view.fetches = {{"ok", 2}};
  view.refresh_due = 1;
  view.store_state = "ok";
  view.counters = {{"dns", {{"malformed", 1}}}, {"lookups", {{"secure", 7}, {"notfound", 1}}}};
  return view;
}

}  // namespace

TEST_CASE("status: JSON has the shape of the contract") {
  CHECK(
      status_json(status()) ==
      R"({"version":"0.1.0","started":"2027-01-15T08:00:00Z","uptime":3600,"pid":4711,)"
      R"("listen":["inet:127.0.0.1:8461","unix:/run/tlspolicyd/socket"],"postfix_security_level":"may",)"
      R"("dane_active":false,"maps":[{"name":"QUERY","level":"may","lookups":5,"dane_active":false},)"
      R"({"name":"QUERY@dane","level":"dane","lookups":2,"dane_active":true},)"
      R"({"name":"QUERY@dnae","level":"may","lookups":1,"dane_active":false,"error":"no level of Postfix after the @"}],)"
      R"("resolver":{"addresses":["127.0.0.1:53"],"validates":false},)"
      R"("cache":{"entries":3,"by_mode":{"absent":1,"enforce":2},"bytes":4096},"connections":5,)"
      R"("lookups":{"notfound":1,"secure":7},"fetches":{"ok":2},"refresh":{"due":1,"failing":0},)"
      R"("store":{"state":"ok","pending":0},)"
      R"("counters":{"dns":{"malformed":1},"lookups":{"notfound":1,"secure":7}}})");
}

TEST_CASE("status: what is empty is an empty list or object, never null") {
  const std::string line = status_json(StatusView{});
  CHECK(line.find("null") == line.npos);
}

TEST_CASE("status: all that the text shows is in the JSON, and is read back") {
  CHECK(*parse_status_json(status_json(status())) == status());
}

TEST_CASE("status: JSON of another shape is refused or read as far as it goes") {
  for (const char* text : {"", "[]", "{}", R"({"version":"1"})"}) CHECK_FALSE(parse_status_json(text));
  const auto view = parse_status_json(
      R"({"version":"1","started":"2027-01-15T08:00:00Z","cache":[],"lookups":{"a":"b"},"counters":7,"listen":{}})");
  REQUIRE(view);
  CHECK(view->lookups.empty());
}

TEST_CASE("status: numbers that no clock and no process can have count as missing") {
  const auto view = parse_status_json(
      R"({"version":"1","started":"2027-01-15T08:00:00Z","uptime":18446744073709551615,"pid":9223372036854775808})");
  REQUIRE(view);
  CHECK(view->uptime == seconds(0));
  CHECK(view->pid == 0);
}

TEST_CASE("status: text for people") {
  CHECK(status_text(status(), WallTime(seconds(1'800'003'600))) ==
        "version       0.1.0, pid 4711\n"
        "started       2027-01-15T08:00:00Z (1h ago)\n"
        "listen        inet:127.0.0.1:8461, unix:/run/tlspolicyd/socket\n"
        "Postfix       security level may, DANE precedence off\n"
        "map name      QUERY: level may, DANE precedence off, lookups 5\n"
        "map name      QUERY@dane: level dane, DANE precedence on, lookups 2\n"
        "map name      QUERY@dnae: level may, DANE precedence off, lookups 1; error: no\n"
        "              level of Postfix after the @\n"
        "resolver      127.0.0.1:53 (no DNSSEC validation that counts here)\n"
        "cache         3 entries, 4096 octets (absent 1, enforce 2)\n"
        "connections   5\n"
        "lookups       notfound 1, secure 7\n"
        "fetches       ok 2\n"
        "refresh       1 due, 0 failing\n"
        "store         ok, 0 to be written\n"
        "\n"
        "dns           malformed 1\n"
        "lookups       notfound 1, secure 7\n");
}

TEST_CASE("status: text keeps to 80 columns") {
  StatusView view = status();
  view.listen.assign(30, "unix:/" + std::string(100, 'p'));
  for (int i = 0; i < 40; ++i) view.lookups["a_rather_long_word_" + std::to_string(i)] = 1;
  view.counters["a_family_with_a_name_that_has_no_room"] = view.lookups;
  view.counters["a_family_named_by_no_daemon_of_ours_" + std::string(100, 'n')] = view.lookups;
  view.version = kHostile;
  view.maps.assign(3, {kHostile, kHostile, 1, true, kHostile});
  std::string text = status_text(view, view.started);
  const auto gap = text.find("\n\n");
  REQUIRE(gap != text.npos);
  check_lines(text);
}
