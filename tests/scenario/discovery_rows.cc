// Conformance rows D: what TXT does to answers and to the policy host.
#include "catch.h"
#include "world.h"

using namespace tlspolicyd;

TEST_CASE("D-01 S-01 S-02 discovery asks at the policy domain and nowhere else") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("sub.d.example") == kNothing);
  for (const DnsQuestion& question : world.dns.asked) {
    CAPTURE(question.name);
    CHECK((question.name == "_mta-sts.d.example" || question.name == "mta-sts.d.example" ||
           question.name == "_mta-sts.sub.d.example"));
  }
}

TEST_CASE("D-02 D-03 D-08 X-03 without a valid record the policy host is left alone") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  const auto record = GENERATE("v=STSv2; id=a;", "V=STSv1; id=a;", "v=STSv1", "v=STSv1;", "v=STSv1; id=;;",
                               "v=STSv1; id=a b;", "v=STSv1; id=a-b;", "v=STSv1; id=a;;");
  world.dns.set_txt("_mta-sts.d.example", {record});
  CAPTURE(record);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.https.fetched.empty());
}

TEST_CASE("D-05 D-06 unknown fields and repeated ids do not matter") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  world.dns.set_txt("_mta-sts.d.example", {"v=STSv1; ext=x; id=first; id=second; more=y"});
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.entry("d.example")->held->id == "first");
}

TEST_CASE("D-07 several records beginning v=STSv1; are none, others beside one do not count") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  world.dns.set_txt("_mta-sts.d.example", {"v=STSv1; id=a;", "v=STSv1; id=b;"});
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.https.fetched.empty());
  world.publish("other.example", "id1", kEnforce);
  world.dns.set_txt("_mta-sts.other.example", {"v=spf1 -all", "v=STSv1; id=a;"});
  CHECK(world.ask("other.example") == kSecure);
}

TEST_CASE("D-08 a malformed record is counted") {
  World world;
  world.dns.set_txt("_mta-sts.d.example", {"v=STSv1; id=a=b;"});
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.process->metrics.value("txt", "malformed") == 1);
}

TEST_CASE("D-10 a CNAME loop is a failed look-up, not a hang") {
  World world;
  world.dns.fail("_mta-sts.d.example", RrType::txt, DnsStatus::cname_loop);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.entry("d.example")->txt_unknown);
}

TEST_CASE("D-11 X-01 TXT that is gone, ambiguous or broken leaves a live policy in force") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  const auto held = world.entry("d.example")->held;
  const auto [name, records, status] = GENERATE(table<const char*, std::vector<std::string>, DnsStatus>({
      {"NXDOMAIN", {}, DnsStatus::no_name},
      {"NODATA", {}, DnsStatus::no_data},
      {"SERVFAIL", {}, DnsStatus::server_failure},
      {"timeout", {}, DnsStatus::timeout},
      {"two records", {"v=STSv1; id=a;", "v=STSv1; id=b;"}, DnsStatus::found},
      {"malformed", {"v=STSv1; id=a=b;"}, DnsStatus::found},
  }));
  CAPTURE(name);
  world.dns.fail("_mta-sts.d.example", RrType::txt, status);
  if (!records.empty()) world.dns.set_txt("_mta-sts.d.example", records);
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.entry("d.example")->held == held);
}

TEST_CASE("D-12 an id that sorts lower is a change like any other") {
  World world;
  world.publish("d.example", "20250102", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.publish("d.example", "20240101", document("enforce", "mx2.d.example", 604800s));
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("d.example") == "OK secure match=mx2.d.example servername=hostname");
}

TEST_CASE("D-13 an equal id needs no HTTPS") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.advance(301s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.txt_questions("d.example") == 2);
  CHECK(world.fetches("d.example") == 1);
}

TEST_CASE("D-14 an equal id does not prolong the lifetime") {
  World world;
  world.publish("d.example", "id1", document("enforce", "mx1.d.example", 100s), 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.https.fail("mta-sts.d.example", FetchFault::refused);
  world.advance(50s);
  CHECK(world.ask("d.example") == kSecure);
  world.advance(49s);
  CHECK(world.ask("d.example") == kSecure);
  world.advance(2s);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("D-15 a TXT error with nothing cached is NOTFOUND, or TEMP by choice, for a minute at most") {
  World world;
  const bool temp = GENERATE(false, true);
  if (temp) world.serving.rules.precedence.dns_error_reply = DaneVerdict::temp;
  world.process->service.set_options(world.serving);
  world.publish("d.example", "id1", kEnforce);
  world.dns.fail("_mta-sts.d.example", RrType::txt, DnsStatus::server_failure);
  const std::string reply = world.ask("d.example");
  if (temp) CHECK(reply.rfind("TEMP ", 0) == 0);
  else CHECK(reply == kNothing);
  world.set_id("d.example", "id1");
  CHECK(world.ask("d.example") == reply);
  world.advance(61s);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("D-15 where TXT hangs the answer is the same, at reply_timeout") {
  World world;
  const bool temp = GENERATE(false, true);
  if (temp) world.serving.rules.precedence.dns_error_reply = DaneVerdict::temp;
  world.process->service.set_options(world.serving);
  world.dns.hang(true);
  const std::string reply = world.ask_and_wait("d.example");
  if (temp) CHECK(reply.rfind("TEMP ", 0) == 0);
  else CHECK(reply == kNothing);
}

TEST_CASE("D-18 whatever else a wildcard brings is no record") {
  World world;
  world.dns.set_txt("_mta-sts.d.example", {"v=spf1 -all"});
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.https.fetched.empty());
}

TEST_CASE("D-19 a name too long for its prefix is not asked for") {
  World world;
  const std::string label(60, 'a');
  CHECK(world.ask(label + "." + label + "." + label + "." + label + ".example") == kNothing);
  CHECK(world.dns.asked.empty());
}

TEST_CASE("D-20 an absence is remembered for its negative TTL and no longer") {
  World world;
  CHECK(world.ask("d.example") == kNothing);
  world.publish("d.example", "id1", kEnforce);
  world.advance(60s);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.txt_questions("d.example") == 1);
  world.advance(1s);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("D-21 F-07 F-22 the policy host is named after the policy domain, wherever TXT points") {
  World world;
  world.publish("d.example", "id1", kEnforce);
  DnsAnswer answer{.status = DnsStatus::found,
                   .records = {TxtRdata{"v=STSv1; id=abc;"}},
                   .chain = {"_mta-sts.prov.example"},
                   .ttl = 300s};
  world.dns.set("_mta-sts.d.example", RrType::txt, answer);
  CHECK(world.ask("d.example") == kSecure);
  REQUIRE(world.https.fetched.size() == 1);
  CHECK(world.https.fetched[0].host == "mta-sts.d.example");
}
