#include "config/params.h"
#include "config/param_values.h"

#include <set>

#include "catch.h"
#include "config/reload.h"

using namespace tlspolicyd;

namespace {

const Param& param(std::string_view name) {
  const Param* const found = find_param(name);
  REQUIRE(found != nullptr);
  return *found;
}

std::string assigned(std::string_view name, std::string_view text) {
  Config config = default_config();
  const auto result = assign(config, param(name), text);
  return result ? show(config, param(name)) : "refused: " + result.error().what + "; " + result.error().cure;
}

}  // namespace

TEST_CASE("each parameter's default parses, and is shown as what parses to the same") {
  std::set<std::string_view> names;
  for (const Param& row : params()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    Config once, twice;
    REQUIRE(assign(once, row, row.fallback));
    REQUIRE(assign(twice, row, show(once, row)));
    CHECK(same_value(once, twice, row));
    CHECK_FALSE(row.help.empty());
    CHECK(row.help.back() == '.');
    CHECK_FALSE(legal_values(row).empty());
  }
}

TEST_CASE("the parameters are those of the contract, with its defaults") {
  const auto [name, fallback] = GENERATE(table<const char*, const char*>({
      {"listen", "inet:127.0.0.1:8461"},
      {"socket_mode", "0666"},
      {"socket_group", ""},
      {"max_connections", "4096"},
      {"reply_timeout", "5s"},
      {"tlsrpt_map_name", "QUERYwithTLSRPT"},
      {"max_reply_size", "100000"},
      {"resolver", ""},
      {"resolver_trust_ad", "loopback"},
      {"dane_canary", ". NS"},
      {"dns_timeout", "2s"},
      {"dns_attempts", "3"},
      {"postfix_security_level", "auto"},
      {"postfix_config_directory", ""},
      {"dane_reply", "notfound"},
      {"dane_mixed_reply", "dane-only"},
      {"dns_error_reply", "notfound"},
      {"ca_file", "system"},
      {"ca_path", "system"},
      {"fetch_timeout", "60s"},
      {"fetch_max_size", "65536"},
      {"fetch_concurrency", "1000"},
      {"fetch_threads", "0"},
      {"fetch_backoff", "5m"},
      {"allow_private_addresses", "no"},
      {"cache", "sqlite:/var/lib/tlspolicyd/cache.db"},
      {"cache_max_entries", "1000000"},
      {"cache_max_size", "512m"},
      {"store_max_size", "2g"},
      {"id_check_interval", "1h"},
      {"refresh_interval", "1d"},
      {"refresh_unused_after", "30d"},
      {"control_socket", "/run/tlspolicyd/control"},
      {"user", ""},
      {"group", ""},
      {"pid_file", ""},
      {"log", "stderr"},
      {"log_level", "info"},
      {"log_lookups", "no"},
  }));
  CAPTURE(name);
  CHECK(param(name).fallback == fallback);
}

TEST_CASE("what is not built yet is not a parameter") {
  for (const char* name : {"overrides", "http_listen", "policy_listen", "Listen", ""}) {
    CAPTURE(name);
    CHECK(find_param(name) == nullptr);
  }
}

TEST_CASE("limits are inclusive, and one step beyond is refused") {
  for (const Param& row : params()) {
    if (row.max == 0 || row.notation == Notation::octal) continue;
    CAPTURE(row.name);
    const std::string unit = row.notation == Notation::duration ? "s" : "";
    const auto text = [&](std::int64_t value) { return std::to_string(value) + unit; };
    Config config;
    CHECK(assign(config, row, text(row.min)));
    CHECK(assign(config, row, text(row.max)));
    CHECK_FALSE(assign(config, row, text(row.min - 1)));
    CHECK_FALSE(assign(config, row, text(row.max + 1)));
  }
}

TEST_CASE("values are shown in their shortest form") {
  const auto [name, text, shown] = GENERATE(table<const char*, const char*, const char*>({
      {"fetch_timeout", "120s", "2m"},
      {"fetch_timeout", "90s", "90s"},
      {"refresh_interval", "168h", "1w"},
      {"cache_max_size", "2048m", "2g"},
      {"fetch_max_size", "65535", "65535"},
      {"socket_mode", "660", "0660"},
      {"socket_mode", "0", "0000"},
      {"socket_mode", "777", "0777"},
      {"log_level", "Debug", "debug"},
      {"log", "SYSLOG", "syslog"},
      {"dns_error_reply", "temp", "temp"},
      {"log_lookups", "YES", "yes"},
      {"ca_file", "system", "system"},
      {"ca_file", "/a.pem", "/a.pem"},
      {"ca_path", "", "system"},
      {"tlsrpt_map_name", "", ""},
      {"postfix_security_level", "Dane-Only", "dane-only"},
      {"dane_canary", ".  ns", ". NS"},
      {"dane_canary", "Example.ORG.\tSoa", "example.org SOA"},
      {"dane_reply", "DANE-only", "dane-only"},
      {"dane_mixed_reply", "dane", "dane"},
      {"resolver_trust_ad", "Always", "always"},
      {"cache", "memory:", "memory:"},
      {"control_socket", "", ""},
      {"resolver", "::1", "[::1]:53"},
  }));
  CAPTURE(name, text);
  CHECK(assigned(name, text) == shown);
}

TEST_CASE("a refused value is named, with what would be right") {
  const auto [name, text, said] = GENERATE(table<const char*, const char*, const char*>({
      {"fetch_timeout", "0s", "refused: 0s is too small; write 1s to 10m, with one of s m h d w"},
      {"fetch_timeout", "11m", "refused: 11m is too large; write 1s to 10m, with one of s m h d w"},
      {"fetch_timeout", "60", "refused: \"60\" does not end in a unit; write 1s to 10m, with one of s m h d w"},
      {"max_connections", "many", "refused: \"many\" is not a whole number; write 1 to 1000000"},
      {"tlsrpt_map_name", "QUERY@dane",
       "refused: \"QUERY@dane\" has an @, which separates a map name from the level of the "
       "client; write one word without @, or nothing"},
      {"log", "file", "refused: \"file\" is not a value it knows; write stderr or syslog"},
      {"log_level", "", "refused: \"\" is not a value it knows; write error, warning, info or debug"},
      {"log_lookups", "1", "refused: \"1\" is neither yes nor no; write yes or no"},
      {"pid_file", "x.pid", "refused: \"x.pid\" is not an absolute path; write an absolute path, or nothing"},
      {"user", "a b", "refused: \"a b\" is not one word; write one word, or nothing"},
      {"socket_mode", "4755", "refused: 4755 is too large; write 0000 to 0777, in octal"},
      {"resolver_trust_ad", "yes", "refused: \"yes\" is not a value it knows; write loopback, always or never"},
      {"dane_reply", "secure", "refused: \"secure\" is not a value it knows; write notfound, dane or dane-only"},
      {"dane_mixed_reply", "notfound", "refused: \"notfound\" is not a value it knows; write dane-only or dane"},
      {"dane_canary", "example.org CNAME",
       "refused: \"CNAME\" is not a type it asks for; "
       "write a domain name and A, AAAA, MX, NS, SOA, TXT or TLSA"},
      {"cache", "/x", "refused: \"/x\" begins with neither sqlite: nor memory:; write sqlite:/PATH or memory:"},
  }));
  CAPTURE(name, text);
  CHECK(assigned(name, text) == said);
}

TEST_CASE("a refused value leaves the old one") {
  Config config = default_config();
  CHECK_FALSE(assign(config, param("fetch_timeout"), "x"));
  CHECK(config.fetch_timeout == seconds(60));
}

TEST_CASE("enumerators follow the order of the words") {
  Config config;
  REQUIRE(assign(config, param("dns_error_reply"), "temp"));
  REQUIRE(assign(config, param("log"), "syslog"));
  REQUIRE(assign(config, param("log_level"), "warning"));
  CHECK(config.dns_error_reply == DnsErrorReply::temp);
  REQUIRE(assign(config, param("resolver_trust_ad"), "always"));
  REQUIRE(assign(config, param("dane_reply"), "dane-only"));
  REQUIRE(assign(config, param("dane_mixed_reply"), "dane"));
  CHECK(config.resolver_trust_ad == TrustAd::always);
  CHECK(config.dane_reply == DaneReply::dane_only);
  CHECK(config.dane_mixed_reply == DaneMixedReply::dane);
  CHECK(config.log == LogTarget::syslog);
  CHECK(config.log_level == LogLevel::warning);
}

TEST_CASE("a reload takes over what it may and names what it may not") {
  const Config running = default_config();
  Config fresh = running;
  for (const auto& [name, text] : std::vector<std::pair<const char*, const char*>>{
           {"fetch_timeout", "30s"}, {"listen", "unix:/run/x"}, {"cache", "memory:"}, {"log_level", "debug"}})
    REQUIRE(assign(fresh, param(name), text));
  const Reload reload = plan_reload(running, fresh);
  CHECK(reload.config.fetch_timeout == seconds(30));
  CHECK(reload.config.log_level == LogLevel::debug);
  CHECK(reload.config.listen == running.listen);
  CHECK(reload.config.cache == running.cache);
  CHECK(reload.changed == std::vector<const Param*>{&param("fetch_timeout"), &param("log_level")});
  CHECK(reload.waiting_for_restart == std::vector<const Param*>{&param("listen"), &param("cache")});
}

TEST_CASE("exactly the parameters of the contract need a restart, and the rights of what is listened on") {
  std::set<std::string_view> names;
  for (const Param& row : params())
    if (!row.reloadable) names.insert(row.name);
  CHECK(names == std::set<std::string_view>{"listen", "socket_mode", "socket_group", "cache", "control_socket", "user",
                                            "group", "pid_file"});
}
