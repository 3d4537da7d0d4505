// `-q` over a scripted world: from the evidence to the story, the replies and the code.
#include "cli/diagnosis.h"

#include "catch.h"
#include "fakes/fake_dns.h"
#include "fakes/fake_https.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"

using namespace tlspolicyd;

namespace {

const std::string kHost = "mta-sts.d.example";

std::string document(const std::string& mode, const std::string& mx) {
  return "version: STSv1\nmode: " + mode + "\nmx: " + mx + "\nmax_age: 604800\n";
}

DnsAnswer mx_answer(std::vector<std::pair<std::uint16_t, std::string>> hosts) {
  DnsAnswer answer{.status = DnsStatus::found, .ttl = seconds(3'600)};
  for (auto& [preference, host] : hosts) answer.records.emplace_back(MxRdata{preference, std::move(host)});
  return answer;
}

struct World {
  World() {
    dns.set_txt("_mta-sts.d.example", {"v=STSv1; id=1;"});
    dns.set_address(kHost, "192.0.2.1");
    https.serve(kHost, document("enforce", "mx1.d.example"));
    dns.set("d.example", RrType::mx, mx_answer({{10, "mx1.d.example"}}));
    options.discovery.allow_private_addresses = true;  // 192.0.2.0/24 is for documents only
  }

  Explanation diagnose(const std::string& key = "d.example") {
    std::optional<Explanation> out;
    Diagnosis diagnosis({{dns, https, time, time}, dns, loop}, *parse_next_hop(key), options,
                        [&](Explanation explanation, bool may_change) {
                          out = std::move(explanation);
                          temporary = may_change;
                        });
    diagnosis.start();
    loop.run();
    time.advance(milliseconds(100));
    loop.run();
    REQUIRE(out);
    return *std::move(out);
  }

  ManualExecutor loop;
  FakeTime time;
  FakeDns dns{loop};
  FakeHttps https{loop};
  DiagnosisOptions options;
  bool temporary = false;
};

bool is_dane(const Step& step) { return step.step == "dane" || step.step == "tlsa" || step.step == "precedence"; }

std::string results_of(const Explanation& explanation, bool dane) {
  std::string out;
  for (const Step& step : explanation.steps)
    if (is_dane(step) == dane) out += (out.empty() ? "" : " ") + step.step + ":" + step.result;
  return out;
}

std::string results(const Explanation& explanation) { return results_of(explanation, false); }
std::string dane_results(const Explanation& explanation) { return results_of(explanation, true); }

const Step& step_of(const Explanation& explanation, std::string_view name) {
  for (const Step& step : explanation.steps)
    if (step.step == name) return step;
  FAIL("no such step");
  return explanation.steps.front();
}

}  // namespace

TEST_CASE("diagnosis: a domain without fault") {
  World world;
  const Explanation found = world.diagnose();
  CHECK(results(found) == "txt:found address:ok http:ok policy:ok mx:ok verdict:secure");
  for (const Step& step : found.steps) CHECK(step.cure.empty());
  CHECK(found.entry.verdict == "secure");
  CHECK(found.entry.reply == "OK secure match=mx1.d.example servername=hostname");
  CHECK(found.reply_tlsrpt.find("policy_type=sts") != found.reply_tlsrpt.npos);
  CHECK(found.txt_id == "1");
  CHECK(found.lines.size() == 4);
  CHECK_FALSE(world.temporary);
}

TEST_CASE("diagnosis: without TXT nothing is fetched") {
  World world;
  world.dns.erase("_mta-sts.d.example", RrType::txt);
  const Explanation found = world.diagnose();
  CHECK(results(found) == "txt:absent verdict:none");
  CHECK(found.entry.reply == "NOTFOUND ");
  CHECK_FALSE(found.entry.mode);
  CHECK(world.https.fetched.empty());
  CHECK_FALSE(world.temporary);
}

TEST_CASE("diagnosis: the MX names are compared with the patterns") {
  World world;
  SECTION("one of two is not covered") {
    world.dns.set("d.example", RrType::mx, mx_answer({{20, "mx9.d.example"}, {10, "mx1.d.example"}}));
    const Explanation found = world.diagnose();
    const Step& step = step_of(found, "mx");
    CHECK(step.result == "not_covered");
    CHECK(step.rfc == "RFC 8461 section 4.1");
    CHECK(step.detail ==
          "mx1.d.example, mx9.d.example (TTL 3600s, AD not set): no mx pattern of the policy covers "
          "mx9.d.example, so senders that obey the policy deliver no mail there");
    CHECK_FALSE(step.cure.empty());
    CHECK(found.entry.verdict == "secure");
  }
  SECTION("none is covered") {
    world.dns.set("d.example", RrType::mx, mx_answer({{10, "mx9.d.example"}}));
    const Explanation found = world.diagnose();
    CHECK(step_of(found, "mx").result == "none_covered");
    CHECK(step_of(found, "verdict").result == "deferred");
    CHECK(step_of(found, "verdict").detail.find("Postfix defers all mail to this domain") != std::string::npos);
    CHECK(found.entry.verdict == "secure");
  }
  SECTION("none is covered by a policy that is only tested") {
    world.https.serve(kHost, document("testing", "mx1.d.example"));
    world.dns.set("d.example", RrType::mx, mx_answer({{10, "mx9.d.example"}}));
    CHECK(step_of(world.diagnose(), "verdict").result == "testing");
  }
  SECTION("M-07 without MX records the domain is its own mail server") {
    world.dns.erase("d.example", RrType::mx);
    world.dns.set_address("d.example", "192.0.2.2");
    world.https.serve(kHost, document("enforce", "d.example"));
    CHECK(step_of(world.diagnose(), "mx").result == "ok");
  }
  SECTION("M-07 and must be covered like any other") {
    world.dns.erase("d.example", RrType::mx);
    world.dns.set_address("d.example", "2001:db8::1");
    const Explanation found = world.diagnose();
    CHECK(step_of(found, "mx").result == "none_covered");
    CHECK(step_of(found, "verdict").result == "deferred");
    CHECK(step_of(found, "verdict").detail.find("Postfix defers all mail to this domain") != std::string::npos);
  }
  SECTION("neither MX nor address") {
    world.dns.erase("d.example", RrType::mx);
    CHECK(step_of(world.diagnose(), "mx").result == "no_mail_server");
  }
  SECTION("M-12 a null MX") {
    world.dns.set("d.example", RrType::mx, mx_answer({{0, ""}}));
    const Explanation found = world.diagnose();
    CHECK(step_of(found, "mx").result == "null_mx");
    CHECK(step_of(found, "mx").rfc == "RFC 7505 section 3");
    CHECK(found.entry.verdict == "secure");
  }
  CHECK_FALSE(world.temporary);
}

TEST_CASE("diagnosis: MX records that cannot be looked up make it temporary") {
  World world;
  world.dns.fail("d.example", RrType::mx, DnsStatus::server_failure);
  const Explanation found = world.diagnose();
  CHECK(step_of(found, "mx").result == "server_failure");
  CHECK(found.entry.verdict == "secure");
  CHECK(world.temporary);
}

TEST_CASE("diagnosis: a fine policy that is only tested") {
  World world;
  world.https.serve(kHost, document("testing", "mx1.d.example"));
  const Explanation found = world.diagnose();
  CHECK(results(found) == "txt:found address:ok http:ok policy:ok mx:ok verdict:testing");
  CHECK(found.steps.back().rfc == "RFC 8461 section 5");
  CHECK(found.steps.back().cure.find("mode: enforce") != std::string::npos);
  CHECK(found.entry.verdict == "none");
  CHECK(found.entry.mode == "testing");
}

TEST_CASE("diagnosis: mode none compares no mail servers with patterns") {
  World world;
  world.https.serve(kHost, "version: STSv1\nmode: none\nmax_age: 86400\n");
  CHECK(results(world.diagnose()) == "txt:found address:ok http:ok policy:ok verdict:none");
}

TEST_CASE("diagnosis: a document that is no policy is explained line by line") {
  World world;
  world.https.serve(kHost, document("enforced", "mx1.d.example"));
  const Explanation found = world.diagnose();
  CHECK(results(found) == "txt:found address:ok http:ok policy:mode_unknown verdict:none");
  REQUIRE(found.lines.size() == 4);
  CHECK(found.lines[1].error);
  CHECK(found.entry.failure->result == "sts-policy-invalid");
  CHECK_FALSE(world.temporary);
}

TEST_CASE("diagnosis: what may pass is temporary") {
  World world;
  std::string last;
  SECTION("TXT cannot be looked up") {
    world.dns.fail("_mta-sts.d.example", RrType::txt, DnsStatus::timeout);
    last = "txt:timeout verdict:temporary";
  }
  SECTION("nor can the policy host") {
    world.dns.fail(kHost, RrType::a, DnsStatus::server_failure);
    world.dns.fail(kHost, RrType::aaaa, DnsStatus::server_failure);
    last = "txt:found address:server_failure verdict:temporary";
  }
  SECTION("the policy host is silent") {
    world.https.fail(kHost, FetchFault::timeout);
    last = "txt:found address:ok tls:timeout verdict:temporary";
  }
  CHECK(results(world.diagnose()) == last);
  CHECK(world.temporary);
}

TEST_CASE("diagnosis: what the host answers is a verdict") {
  World world;
  world.https.fail(kHost, FetchFault::refused);
  CHECK(results(world.diagnose()) == "txt:found address:ok connect:refused verdict:none");
  CHECK_FALSE(world.temporary);
}

TEST_CASE("diagnosis: dns_error_reply decides the reply where TXT cannot be read") {
  World world;
  world.dns.fail("_mta-sts.d.example", RrType::txt, DnsStatus::server_failure);
  const Explanation unknown = world.diagnose();
  CHECK(unknown.entry.verdict == "temp");
  CHECK(unknown.entry.reply == "NOTFOUND ");
  world.options.rules.precedence.dns_error_reply = DaneVerdict::temp;
  const Explanation found = world.diagnose();
  CHECK(found.entry.verdict == "temp");
  CHECK(found.entry.reply.substr(0, 5) == "TEMP ");
}

TEST_CASE("diagnosis: mode testing is NOTFOUND for either map name") {
  World world;
  world.https.serve(kHost, document("testing", "mx1.d.example"));
  world.options.rules.level = BaseLevel::may;
  const Explanation found = world.diagnose();
  CHECK(found.entry.reply == "NOTFOUND ");
  CHECK(found.reply_tlsrpt == "NOTFOUND ");
}

namespace {

// A signed MX with one host of usable TLSA, behind a Postfix at level dane.
struct DaneWorld : World {
  DaneWorld() {
    options.rules.level = BaseLevel::dane;
    options.rules.dane_active = true;
    options.dane_canary = {"", RrType::ns};
    dns.set_records("", RrType::ns, {OtherRdata{}}, true);
    dns.set_records("d.example", RrType::mx, {MxRdata{10, "mx1.d.example"}}, true);
    dns.set_records("mx1.d.example", RrType::a, {AddressRdata{*parse_ip("192.0.2.3")}}, true);
    dns.deny("mx1.d.example", RrType::aaaa, true);
    dns.set_records("_25._tcp.mx1.d.example", RrType::tlsa, {TlsaRdata{3, 1, 1, std::string(32, 'x')}}, true);
  }
};

}  // namespace

TEST_CASE("diagnosis: DANE is explained host by host, and decides where it has something to say") {
  DaneWorld world;
  const Explanation found = world.diagnose();
  CHECK(dane_results(found) == "dane:signed tlsa:tlsa_usable precedence:on");
  CHECK(step_of(found, "tlsa").detail ==
        "mx1.d.example: signed TLSA records, usable: the certificate must match one of them; "
        "A TTL 300s, AD set; TLSA of _25._tcp.mx1.d.example: 3 1 1 (TTL 300s, AD set)");
  CHECK(step_of(found, "verdict").result == "dane");
  CHECK(found.entry.reply == "NOTFOUND ");
  CHECK(found.entry.verdict == "dane");
  REQUIRE(found.entry.dane);
  CHECK(found.entry.dane->hosts.front().state == "usable");
}

TEST_CASE("diagnosis: the MX records are asked once, for DANE and for the patterns") {
  DaneWorld world;
  static_cast<void>(world.diagnose());
  CHECK(world.dns.count("d.example", RrType::mx) == 1);
}

TEST_CASE("diagnosis: without AD for the canary MTA-STS decides alone") {
  DaneWorld world;
  const bool ignored = GENERATE(false, true);
  world.dns.set("", RrType::ns, {.status = DnsStatus::found, .records = {OtherRdata{}}, .ad_ignored = ignored});
  const Explanation found = world.diagnose();
  CHECK(step_of(found, "precedence").result == (ignored ? "ad_not_trusted" : "no_ad"));
  CHECK((step_of(found, "precedence").detail.find("does not validate") == std::string::npos) == ignored);
  CHECK_FALSE(step_of(found, "precedence").cure.empty());
  CHECK(found.entry.verdict == "secure");
}

TEST_CASE("diagnosis: a canary that is not answered leaves AD as it is seen") {
  DaneWorld world;
  world.dns.fail("", RrType::ns, DnsStatus::timeout);
  CHECK(step_of(world.diagnose(), "precedence").result == "on");
}

TEST_CASE("diagnosis: what DANE cannot look up has its reason and its cure") {
  DaneWorld world;
  world.dns.fail("_25._tcp.mx1.d.example", RrType::tlsa, DnsStatus::server_failure);
  const Explanation found = world.diagnose();
  const Step& step = step_of(found, "tlsa");
  CHECK(step.result == "tlsa_failed");
  CHECK(step.rfc == "RFC 7672 section 2.1.2");
  CHECK(step.detail.find("TLSA of _25._tcp.mx1.d.example: server_failure: scripted failure") != step.detail.npos);
  CHECK_FALSE(step.cure.empty());
  CHECK(found.entry.reply == "OK dane-only");
}

TEST_CASE("diagnosis: MX records that cannot be looked up make a policy wait: temporary") {
  DaneWorld world;
  world.dns.fail("d.example", RrType::mx, DnsStatus::server_failure);
  const Explanation found = world.diagnose();
  CHECK(dane_results(found) == "dane:failed precedence:on");
  CHECK(step_of(found, "verdict").result == "temporary");
  CHECK(world.temporary);
}

TEST_CASE("diagnosis: at level dane-only the verdict is that of the reply") {
  DaneWorld world;
  world.options.rules.level = BaseLevel::dane_only;
  world.options.rules.dane_active = false;
  const Explanation found = world.diagnose();
  CHECK(found.entry.reply == "NOTFOUND ");
  CHECK(step_of(found, "verdict").result == "none");
}

TEST_CASE("diagnosis: F-32 a policy host behind a NAT64 prefix is judged by the IPv4 address in it") {
  World world;
  world.options.discovery.allow_private_addresses = false;
  world.dns.erase(kHost, RrType::a);
  world.dns.set_address("ipv4only.arpa", "fd00:64::c000:aa");
  world.dns.set_address(kHost, "fd00:64::102:304");
  CHECK(step_of(world.diagnose(), "address").result == "ok");
  world.dns.set_address(kHost, "fd00:64::a00:1");
  CHECK(step_of(world.diagnose(), "address").result == "private_addresses");
}

TEST_CASE("diagnosis: an expired intermediate certificate is not told as the server's own") {
  World world;
  world.https.fail(kHost, FetchFault::cert_issuer_expired);
  const Step step = step_of(world.diagnose(), "tls");
  CHECK(step.result == "cert_issuer_expired");
  CHECK(step.detail.find("issuer") != std::string::npos);
  CHECK(step.cure.find("intermediate") != std::string::npos);
}

TEST_CASE("diagnosis: where no connection comes about the way out of this host is named, too") {
  const auto fault =
      GENERATE(FetchFault::refused, FetchFault::connect_timeout, FetchFault::unreachable, FetchFault::blocked);
  World world;
  world.https.fail(kHost, fault);
  const Step step = step_of(world.diagnose(), "connect");
  CHECK(step.cure.find("outgoing TCP to port 443") != std::string::npos);
  CHECK(step.cure.find("no proxy") != std::string::npos);
}

TEST_CASE("diagnosis: the verdict is temp where nothing is known yet, and none where that is known") {
  World world;
  SECTION("the policy host is silent") {
    world.https.fail(kHost, FetchFault::timeout);
    CHECK(world.diagnose().entry.verdict == "temp");
  }
  SECTION("the policy host says no") {
    world.https.fail(kHost, FetchFault::refused);
    CHECK(world.diagnose().entry.verdict == "none");
  }
}

TEST_CASE("S-04 diagnosis: a host as next hop is its own MX host, at its port") {
  DaneWorld world;
  world.https.serve(kHost, document("enforce", "d.example"));
  world.dns.set_records("d.example", RrType::a, {AddressRdata{*parse_ip("192.0.2.3")}}, true);
  world.dns.deny("d.example", RrType::aaaa, true);
  world.dns.deny("_587._tcp.d.example", RrType::tlsa, true);
  const Explanation found = world.diagnose("[d.example]:587");
  CHECK(world.dns.count("d.example", RrType::mx) == 0);
  CHECK(world.dns.count("_587._tcp.d.example", RrType::tlsa) == 1);
  CHECK(step_of(found, "mx").result == "ok");
  CHECK(step_of(found, "mx").detail == "d.example: covered by the patterns (the next hop is a host by itself)");
  CHECK(dane_results(found) == "dane:signed tlsa:tlsa_absent precedence:on");
  CHECK(found.entry.reply == "OK secure match=d.example servername=hostname");
  CHECK_FALSE(world.temporary);
  world.https.serve(kHost, document("enforce", "mx1.d.example"));
  CHECK(step_of(world.diagnose("[d.example]"), "mx").cure.find("to its own policy") != std::string::npos);
}

TEST_CASE("diagnosis: where a certificate is not trusted the trust anchors of this host are named") {
  World world;
  world.options.trust_anchors = "ca_file /etc/own.pem";
  const auto fault = GENERATE(FetchFault::cert_unknown_ca, FetchFault::cert_unknown_root);
  world.https.fail(kHost, fault);
  CHECK(step_of(world.diagnose(), "tls").detail.ends_with("; trusted here: ca_file /etc/own.pem"));
}

TEST_CASE("diagnosis: where the resolver of this host fails for other names, too, that comes first") {
  World world;
  world.options.dane_canary = {"", RrType::ns};
  world.dns.fail("_mta-sts.d.example", RrType::txt, DnsStatus::server_failure);
  SECTION("it does") {
    world.dns.fail("", RrType::ns, DnsStatus::server_failure);
    const Explanation found = world.diagnose();
    CHECK(results(found) == "resolver:server_failure txt:server_failure verdict:temporary");
    CHECK(found.steps.front().detail == "NS of .: a server failure (SERVFAIL or another error code): scripted failure");
    CHECK(found.steps.front().cure.find("the resolver of this host") != std::string::npos);
    CHECK(step_of(found, "txt").cure.empty());
  }
  SECTION("it does not") {
    world.dns.set_records("", RrType::ns, {OtherRdata{}}, true);
    CHECK(results(world.diagnose()) == "txt:server_failure verdict:temporary");
  }
}
