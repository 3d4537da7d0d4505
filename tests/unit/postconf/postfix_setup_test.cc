#include "postconf/postfix_setup.h"

#include "catch.h"
#include "postconf/postfix_advice.h"

using namespace tlspolicyd;

namespace {

struct Settings {
  std::string version = "3.7.11", level = "may", dns = "", maps = "", ca = "/ca.pem", more = "";

  [[nodiscard]] std::string text() const {
    return "mail_version = " + version + "\nconfig_directory = /etc/postfix\nsmtp_tls_CAfile = " + ca +
           "\nsmtp_tls_CApath =\ntls_append_default_CA = no\nsmtp_tls_security_level = " + level +
           "\nsmtp_dns_support_level = " + dns + "\nsmtp_tls_policy_maps = " + maps + "\n" + more;
  }
};

const ServedHere kHere{{BaseLevel::may, false},
                       {"inet:127.0.0.1:8461", "unix:/var/spool/postfix/tlspolicyd/socket"},
                       "QUERYwithTLSRPT",
                       {}};
const std::string kMap = "socketmap:inet:127.0.0.1:8461:QUERY";

std::vector<std::string> advice(const Settings& settings, std::string_view transports = "", ServedHere here = kHere) {
  here.level = {*parse_base_level(settings.level), settings.dns == "dnssec"};
  std::vector<std::string> out;
  for (const LogLine& line : advise(parse_setup(settings.text(), transports), here)) out.push_back(line.text());
  return out;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("two lines of postconf are a level and whether there is DNSSEC") {
  const auto [name, output, level, dnssec] = GENERATE(table<const char*, const char*, BaseLevel, bool>({
      {"nothing set", "\n\n", BaseLevel::none, false},
      {"may", "may\n\n", BaseLevel::may, false},
      {"dane", "dane\ndnssec\n", BaseLevel::dane, true},
      {"dane without DNSSEC", "dane\nenabled\n", BaseLevel::dane, false},
      {"dane-only", "dane-only\ndnssec\n", BaseLevel::dane_only, true},
      {"capitals", "Encrypt\ndnssec\n", BaseLevel::encrypt, true},
      {"blanks", " secure \n disabled\n", BaseLevel::secure, false},
  }));
  CAPTURE(name);
  const auto tls = parse_postconf(output);
  REQUIRE(tls);
  CHECK(*tls == PostfixTls{level, dnssec});
}

TEST_CASE("whatever else postconf may write is refused") {
  const auto [name, output, said] = GENERATE(table<const char*, const char*, const char*>({
      {"nothing", "", "postconf does not write two lines"},
      {"one line", "dane\n", "postconf does not write two lines"},
      {"three lines", "dane\ndnssec\nmore\n", "postconf does not write two lines"},
      {"no end of line", "dane\ndnssec", "postconf does not write two lines"},
      {"unknown level", "halfdane\n\n", "postconf says \"halfdane\""},
      {"unexpanded", "${x?{may}}\n\n", "postconf says \"${x?{may}}\""},
      {"unknown support", "dane\nmaybe\n", "postconf says \"maybe\""},
      {"control characters", "\x1b[2J\n\n", "postconf says \"?[2J\""},
  }));
  CAPTURE(name);
  const auto tls = parse_postconf(output);
  REQUIRE_FALSE(tls);
  CHECK(tls.error().text == said);
}

TEST_CASE("settings of main.cf and master.cf become the clients that they make") {
  const Settings settings{.level = "dane", .dns = "dnssec", .maps = kMap, .more = "lmtp_tls_security_level = may\n"};
  const PostfixSetup setup = parse_setup(settings.text(),
                                         "strict/unix/smtp_tls_security_level = encrypt\n"
                                         "relay/unix/syslog_name = postfix/relay\n"
                                         "a/b/unix/smtp_tls_policy_maps = static:x = y\n"
                                         "lm/unix/lmtp_dns_support_level = dnssec\nnonsense\n/ = 1\n");
  CHECK(setup.version == "3.7.11");
  CHECK(setup.config_directory == "/etc/postfix");
  CHECK(setup.has_trust_anchors);
  REQUIRE(setup.clients.size() == 5);
  const auto shown = [&](std::size_t i) {
    const PostfixClient& client = setup.clients[i];
    return client.place + " " + client.protocol + " " + client.level + " " + client.dns_support + " " +
           client.policy_maps;
  };
  CHECK(shown(0) == "main.cf smtp dane dnssec " + kMap);
  CHECK(shown(1) == "main.cf lmtp may  ");
  CHECK(shown(2) == "strict/unix smtp encrypt dnssec " + kMap);
  CHECK(shown(3) == "a/b/unix smtp dane dnssec static:x = y");
  CHECK(shown(4) == "lm/unix lmtp may dnssec ");
}

TEST_CASE("whatever postconf does not tell is nothing to warn of") {
  const PostfixSetup setup = parse_setup(GENERATE("", "dane\ndnssec\n", "=\n = \n"), "");
  CHECK(advise(setup, kHere).empty());
  CHECK(setup.has_trust_anchors);
}

TEST_CASE("the map that leads here is found in a list of maps") {
  const auto [maps, found] = GENERATE(table<const char*, const char*>({
      {"socketmap:inet:127.0.0.1:8461:QUERY", "socketmap:inet:127.0.0.1:8461:QUERY"},
      {"texthash:/etc/p, socketmap:inet:localhost:8461:QUERY@may", "socketmap:inet:localhost:8461:QUERY@may"},
      {"{ static:may } proxy:socketmap:inet:[::1]:8461:x", "socketmap:inet:[::1]:8461:x"},
      {"socketmap:unix:tlspolicyd/socket:QUERY", "socketmap:unix:tlspolicyd/socket:QUERY"},
      {"socketmap:unix:/var/spool/postfix/tlspolicyd/socket:QUERY",
       "socketmap:unix:/var/spool/postfix/tlspolicyd/socket:QUERY"},
      {"socketmap:inet:127.0.0.1:8642:QUERY", ""},
      {"socketmap:inet:192.0.2.1:8461:QUERY", ""},
      {"socketmap:unix:olicyd/socket:QUERY", ""},
      {"socketmap:unix:/tlspolicyd/socket:QUERY", ""},
      {"socketmap:unix::QUERY socketmap: socketmap:QUERY inet:127.0.0.1:8461:QUERY", ""},
      {"", ""},
  }));
  CAPTURE(maps);
  const auto map = own_map(maps, kHere);
  CHECK((map ? map->map : "") == found);
}

TEST_CASE("a transport whose level differs without its own map name is one warning, with the map name to write") {
  const Settings settings{.level = "dane", .dns = "dnssec", .maps = "static:x, " + kMap};
  const auto [transports, place, fix] = GENERATE(table<const char*, const char*, const char*>({
      {"strict/unix/smtp_tls_security_level = encrypt\n", "transport=strict/unix",
       "fix=-o smtp_tls_policy_maps=socketmap:inet:127.0.0.1:8461:QUERY@encrypt"},
      {"blind/unix/smtp_dns_support_level = enabled\n",
       "smtp_tls_security_level = dane and smtp_dns_support_level = enabled", "QUERY@may"},
      {"x/unix/smtp_tls_policy_maps = proxy:socketmap:inet:127.0.0.1:8461:QUERYwithTLSRPT\nx/unix/smtp_tls_security_level = secure\n",
       "transport=x/unix", "fix=-o smtp_tls_policy_maps=socketmap:inet:127.0.0.1:8461:QUERYwithTLSRPT@secure"},
      {"wrong/unix/smtp_tls_security_level = may\nwrong/unix/smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:QUERY@dane\n",
       "answered for level dane but it has smtp_tls_security_level = may", "QUERY@may"},
  }));
  Settings modern = settings;
  modern.version = "3.10.0";
  const auto said = advice(modern, transports);
  CAPTURE(transports);
  REQUIRE(said.size() == 1);
  CHECK(holds(said[0], place));
  CHECK(holds(said[0], fix));
}

TEST_CASE("a transport that names its level, has main.cf's or asks elsewhere is nothing to warn of") {
  const auto transports = GENERATE(
      "strict/unix/smtp_tls_security_level = encrypt\nstrict/unix/smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:QUERY@encrypt\n",
      "same/unix/smtp_tls_security_level = dane\n",
      "other/unix/smtp_tls_security_level = may\nother/unix/smtp_tls_policy_maps =\n",
      "lm/unix/lmtp_tls_security_level = may\n");
  CHECK(advice({.level = "dane", .dns = "dnssec", .maps = kMap}, transports).empty());
}

TEST_CASE("clients for LMTP are warned of too") {
  const Settings settings{.level = "dane",
                          .dns = "dnssec",
                          .more = "lmtp_tls_security_level = encrypt\nlmtp_tls_policy_maps = " + kMap + "\n"};
  const auto said =
      advice(settings, "lm/unix/lmtp_tls_security_level = dane\nlm/unix/lmtp_dns_support_level = dnssec\n");
  REQUIRE(said.size() == 1);
  CHECK(holds(said[0], "transport=lmtp of main.cf"));
  CHECK(holds(said[0], "fix=lmtp_tls_policy_maps=socketmap:inet:127.0.0.1:8461:QUERY@encrypt"));
}

TEST_CASE("a map name that this release of Postfix cannot use is one warning") {
  const auto [version, name, said] = GENERATE(table<const char*, const char*, const char*>({
      {"3.7.11", "QUERYwithTLSRPT", "fix=write QUERY instead"},
      {"3.9.99", "QUERYwithTLSRPT", "fix=write QUERY instead"},
      {"3.10.0", "QUERYwithTLSRPT", ""},
      {"3.7.11", "QUERY", ""},
      {"3.10.4", "QUERY", ""},
      {"3.10.5", "QUERY", "fix=write QUERYwithTLSRPT instead"},
      {"3.12-20260821", "QUERY", "fix=write QUERYwithTLSRPT instead"},
      {"3.12-20260821", "QUERYwithTLSRPT", ""},
      {"", "QUERYwithTLSRPT", ""},
      {"three", "QUERYwithTLSRPT", ""},
  }));
  CAPTURE(version, name);
  const bool configured = GENERATE(true, false);
  ServedHere here = kHere;
  Settings settings{.version = version};
  if (configured) settings.maps = "socketmap:inet:127.0.0.1:8461:" + std::string(name);
  else here.forms_seen = {parse_map_name(name, "QUERYwithTLSRPT").form};
  const auto lines = advice(settings, "other/unix/smtp_tls_CAfile = /x\n", here);
  REQUIRE(lines.size() == (*said == '\0' ? 0 : 1));
  if (*said != '\0') CHECK(holds(lines[0], said));
}

TEST_CASE("a map name that is to be replaced keeps its level") {
  const auto [version, name, fix] = GENERATE(table<const char*, const char*, const char*>({
      {"3.9.99", "QUERYwithTLSRPT@may", "fix=write QUERY@may instead"},
      {"3.12-20260821", "QUERY@may", "fix=write QUERYwithTLSRPT@may instead"},
  }));
  const auto said = advice({.version = version, .maps = "socketmap:inet:127.0.0.1:8461:" + std::string(name)});
  REQUIRE(said.size() == 1);
  CHECK(holds(said[0], fix));
}

TEST_CASE("lookups count only where no map of Postfix leads here: somebody may be trying names with postmap") {
  ServedHere here = kHere;
  here.forms_seen = {MapForm::plain, MapForm::tlsrpt};
  CHECK(advice({.version = "3.7.11", .maps = kMap}, "", here).empty());
}

TEST_CASE("a Postfix without certificate authorities is one warning, unless its level allows no reply") {
  const auto said = advice({.ca = ""});
  REQUIRE(said.size() == 1);
  CHECK(holds(said[0], "fix=postconf -e smtp_tls_CAfile=/etc/ssl/certs/ca-certificates.crt"));
  CHECK(advice({.level = "dane-only", .dns = "dnssec", .ca = ""}).empty());
  CHECK(parse_setup("smtp_tls_CAfile =\nsmtp_tls_CApath = /etc/ssl/certs\n", "").has_trust_anchors);
  CHECK(parse_setup("smtp_tls_CAfile =\ntls_append_default_CA = yes\n", "").has_trust_anchors);
}
