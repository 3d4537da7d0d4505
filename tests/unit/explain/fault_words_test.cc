// Each fault of a domain has words of its own, a rule and a cure. What the parsers say
// is taken from the parsers themselves.

#include <map>
#include <set>

#include "catch.h"
#include "explain/dns_words.h"
#include "explain/fetch_words.h"
#include "explain/policy_words.h"
#include "explain/txt_words.h"
#include "sts/txt_record.h"

using namespace tlspolicyd;

namespace {

const std::string kHost = "mta-sts.d.example";

DnsAnswer txt(std::vector<std::string> texts) {
  DnsAnswer answer{.status = DnsStatus::found, .ttl = seconds(300)};
  for (std::string& text : texts) answer.records.emplace_back(TxtRdata{std::move(text)});
  if (answer.records.empty()) answer.status = DnsStatus::no_name;
  return answer;
}

Step txt_said(std::vector<std::string> texts) {
  const DnsAnswer answer = txt(texts);
  const auto id = parse_txt_rrset(texts);
  if (id) return txt_step(answer, {TxtSeen::State::id, *id, answer.ttl, {}}, "");
  const auto state = id.error().problem == TxtProblem::absent    ? TxtSeen::State::absent
                     : id.error().problem == TxtProblem::several ? TxtSeen::State::several
                                                                 : TxtSeen::State::malformed;
  return txt_step(answer, {state, {}, answer.ttl, {}}, id.error().detail);
}

Step txt_failed(DnsStatus status) {
  return txt_step({.status = status, .detail = "from 192.0.2.53"}, {TxtSeen::State::lookup_failed, {}, {}, {}}, "");
}

Step policy_said(const std::string& document) {
  const PolicyReading reading = parse_policy(document);
  return reading.policy ? policy_step(*reading.policy, reading.notes) : policy_step(reading.policy.error());
}

Step fetch_said(FetchFault fault, int status = 0) {
  FetchOutcome outcome{.fault = fault, .status = status, .address = "192.0.2.1"};
  return fetch_step(outcome, kHost);
}

DnsAnswer addresses(std::vector<std::string> texts) {
  DnsAnswer answer{.status = DnsStatus::found, .ttl = seconds(300)};
  for (const std::string& text : texts) answer.records.emplace_back(AddressRdata{*parse_ip(text)});
  if (answer.records.empty()) answer.status = DnsStatus::no_data;
  return answer;
}

constexpr FetchFault kLastFault = FetchFault::cancelled;

}  // namespace

TEST_CASE("words: every fault that a postmaster mends differently is told apart, with rule and cure") {
  const std::map<std::string, Step> faults{
      {"no TXT", txt_said({})},
      {"only other TXT records", txt_said({"v=spf1 -all"})},
      {"two STS records", txt_said({"v=STSv1; id=1;", "v=STSv1; id=2;"})},
      {"wrong version", txt_said({"v=STSv2; id=1;"})},
      {"id missing", txt_said({"v=STSv1; x=y;"})},
      {"bad id", txt_said({"v=STSv1; id=2026-01-01;"})},
      {"extension with =", txt_said({"v=STSv1; id=1; note=a=b;"})},
      {"no fields at all", txt_said({"v=STSv1; id=1;; x=y"})},
      {"CNAME loop", txt_failed(DnsStatus::cname_loop)},
      {"SERVFAIL", txt_failed(DnsStatus::server_failure)},
      {"no answer", txt_failed(DnsStatus::timeout)},
      {"resolver down", txt_failed(DnsStatus::unreachable)},
      {"resolver refuses", txt_failed(DnsStatus::refused)},
      {"no TCP", txt_failed(DnsStatus::tcp_failed)},
      {"nonsense", txt_failed(DnsStatus::malformed)},
      {"not asked", txt_failed(DnsStatus::overloaded)},
      {"no resolver that validates", txt_failed(DnsStatus::not_validated)},
      {"policy host without address", address_step(kHost, addresses({}), addresses({}), {})},
      {"only private addresses", address_step(kHost, addresses({"10.0.0.1"}), addresses({}), {})},
      {"policy host unknown to DNS",
       address_step(kHost, DnsAnswer{.status = DnsStatus::server_failure}, addresses({}), {})},
      {"connection refused", fetch_said(FetchFault::refused)},
      {"TLS too old", fetch_said(FetchFault::tls_version)},
      {"self-signed", fetch_said(FetchFault::cert_self_signed)},
      {"expired", fetch_said(FetchFault::cert_expired)},
      {"wrong name", fetch_said(FetchFault::cert_wrong_name)},
      {"name only in CN", fetch_said(FetchFault::cert_name_only_in_cn)},
      {"redirect", fetch_said(FetchFault::redirect, 301)},
      {"404", fetch_said(FetchFault::status, 404)},
      {"403", fetch_said(FetchFault::status, 403)},
      {"503", fetch_said(FetchFault::status, 503)},
      {"204", fetch_said(FetchFault::status, 204)},
      {"text/html", fetch_said(FetchFault::media_type, 200)},
      {"truncated body", fetch_said(FetchFault::truncated, 200)},
      {"over 64 KiB", fetch_said(FetchFault::too_large, 200)},
      {"no document", policy_said("")},
      {"a web page", policy_said("<html>\n")},
      {"without version", policy_said("mode: enforce\nmx: a.example\nmax_age: 604800\n")},
      {"version 2", policy_said("version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 604800\n")},
      {"document without mx", policy_said("version: STSv1\nmode: enforce\nmax_age: 604800\n")},
      {"bad mx pattern", policy_said("version: STSv1\nmode: enforce\nmx: *.*.a.example\nmax_age: 604800\n")},
      {"without mode", policy_said("version: STSv1\nmx: a.example\nmax_age: 604800\n")},
      {"mode misspelt", policy_said("version: STSv1\nmode: enforced\nmx: a.example\nmax_age: 604800\n")},
      {"max_age missing", policy_said("version: STSv1\nmode: enforce\nmx: a.example\n")},
      {"max_age no number", policy_said("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 7d\n")},
      {"max_age too large", policy_said("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999999\n")},
      {"max_age tiny", policy_said("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 60\n")},
  };
  std::map<std::string, std::string> seen{{"txt absent", "only other TXT records"}};
  for (const auto& [name, step] : faults) {
    CAPTURE(name, step.step, step.result, step.detail);
    CHECK_FALSE(step.detail.empty());
    CHECK_FALSE(step.cure.empty());
    CHECK(step.cure.back() != ' ');
    CHECK(step.rfc.substr(0, 4) == "RFC ");
    const auto [first, fresh] = seen.emplace(step.step + " " + step.result, name);
    CAPTURE(first->second);
    const bool same_thing = name == "no TXT" || name == "only other TXT records";
    CHECK((fresh || same_thing));
  }
}

TEST_CASE("words: what is wrong with a TXT record has a fix of its own") {
  const auto [record, result, fix] = GENERATE(table<const char*, const char*, const char*>({
      {"v=STSv1 id=1", "missing_semicolon", "a semicolon after v=STSv1"},
      {"v=STSv1 id=1;", "missing_semicolon", "a semicolon after v=STSv1"},
      {"v=STSv1\\; id=1\\;", "escaped_semicolon", "the backslash"},
      {"\"v=STSv1; id=1;\"", "quoted", "the double quotes"},
      {"v=STSv1, id=1", "wrong_version", "exactly v=STSv1;"},
      {"v=STSv1; id=1 ", "trailing_blank", "at the end"},
      {"v=STSv1; id = 1", "blank_at_equals", "beside the equals sign"},
      {"v=STSv1; id= 1;", "blank_at_equals", "beside the equals sign"},
      {"v=STSv1; id=a, b", "bad_id", "1 to 32 letters or digits"},
      {"v=STSv1", "id_missing", "id="},
      {"v=STSv1; ID=1", "id_case", "in lower case"},
  }));
  CAPTURE(record);
  const Step step = txt_said({record});
  CHECK(step.result == result);
  CHECK(step.cure.find(fix) != step.cure.npos);
}

TEST_CASE("words: a record that counts only when alone is told what it lacks beside others") {
  CHECK(txt_said({"v=spf1 -all", "v=STSv1 ; id=1"}).result == "missing_semicolon");
}

TEST_CASE("words: what is wrong with a document as a whole has a fix of its own") {
  const std::string good = "mode: enforce\nmx: a.example\nmax_age: 604800\n";
  const auto [document, result, fix] = GENERATE_COPY(table<std::string, const char*, const char*>({
      {"\xef\xbb\xbfversion: STSv1\n" + good, "byte_order_mark", "without a byte order mark"},
      {"version: STSv1\rmode: enforce\rmx: a.example\rmax_age: 604800\r", "carriage_return", "LF or CR LF"},
      {"version: STSv1\r\r\n" + good, "carriage_return", "LF or CR LF"},
      {"# our policy\nversion: STSv1\n" + good, "comment", "the comment"},
      {"version: STSv1\n; mx: old.example\n" + good, "comment", "the comment"},
      {"version: STSv1\nmode: testing # for now\n" + good, "comment", "the comment"},
      {"version: STSv1\nthis is our policy\n" + good, "missing_colon", "name: value"},
      {"version=STSv1\n", "equals_sign", "a colon"},
      {"version: STSv1 mode: enforce mx: a.example max_age: 604800", "one_line", "a line of its own"},
      {"version: STSv1\\nmode: enforce\\nmx: a.example\\nmax_age: 604800", "one_line", "a line of its own"},
      {"mode: enforce, version: STSv1", "one_line", "a line of its own"},
      {"mx: a.example; mode: enforce\n", "one_line", "a line of its own"},
      {"v=STSv1; id=20260101;", "txt_record", "belongs in DNS"},
      {"<!DOCTYPE html>\n", "web_page", "text file"},
      {" version: STSv1\n" + good, "line_malformed", "without blanks before the name"},
      {"version: STSv1\nmx: a.example, b.example\n" + good, "mx_pattern", "one host name"},
  }));
  CAPTURE(document);
  const Step step = policy_said(document);
  CHECK(step.result == result);
  CHECK(step.cure.find(fix) != step.cure.npos);
  CHECK_FALSE(step.detail.empty());
}

TEST_CASE("words: mx lines that no host name can match are told, whether or not others are left") {
  const auto mx = GENERATE(as<std::string>(), "192.0.2.7", "192.0.2.7\nmx: a.example");
  const Step step = policy_said("version: STSv1\nmode: enforce\nmx: " + mx + "\nmax_age: 604800\n");
  CHECK(step.result == "mx_unmatchable");
  CHECK(step.detail.find("\"192.0.2.7\" is an IP address") != step.detail.npos);
  CHECK(step.cure.find("mail server's name") != step.cure.npos);
}

TEST_CASE("words: each FetchFault has a sentence and a cure of its own") {
  std::set<std::string> cures, details;
  for (int i = 1; i <= static_cast<int>(kLastFault); ++i) {
    const auto fault = static_cast<FetchFault>(i);
    const Step step = fetch_said(fault, fault == FetchFault::status ? 404 : 0);
    CAPTURE(step.result);
    CHECK(cures.insert(step.cure).second);
    CHECK(details.insert(step.detail).second);
    CHECK(step.rfc.substr(0, 4) == "RFC ");
    CHECK(step.result == (fault == FetchFault::status ? "http_404" : name_of(fault)));
  }
}

TEST_CASE("words: what is right has neither cure nor another word than ok or found") {
  const Step record = txt_said({"v=STSv1; id=20260101;"});
  CHECK(record.result == "found");
  CHECK(record.cure.empty());
  CHECK(record.detail == "\"v=STSv1; id=20260101;\", id 20260101 (TTL 300s, AD not set)");
  const Step address = address_step(kHost, addresses({"192.0.2.1"}), addresses({"2001:db8::1"}),
                                    {*parse_ip("192.0.2.1"), *parse_ip("2001:db8::1")});
  CHECK(address.result == "ok");
  CHECK(address.cure.empty());
  const FetchOutcome good{.fault = FetchFault::none, .body = "x", .status = 200, .content_type = "text/plain"};
  CHECK(fetch_step(good, kHost).result == "ok");
  CHECK(fetch_step(good, kHost).cure.empty());
  const Step policy = policy_said("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 604800\n");
  CHECK(policy.result == "ok");
  CHECK(policy.cure.empty());
}

TEST_CASE("words: a max_age above a year is fine but told") {
  const Step step = policy_said("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999\n");
  CHECK(step.result == "max_age_too_large");
  CHECK(step.cure.find("31557600") != step.cure.npos);
}

TEST_CASE("words: addresses that are skipped are named") {
  const Step step = address_step(kHost, addresses({"10.0.0.1", "192.0.2.1"}), addresses({}), {*parse_ip("192.0.2.1")});
  CHECK(step.result == "ok");
  CHECK(step.detail.find("10.0.0.1 (skipped)") != step.detail.npos);
  CHECK(step.detail.find("192.0.2.1 (skipped)") == step.detail.npos);
}

TEST_CASE("words: what is wrong on this host is not told as the domain's fault") {
  for (const DnsStatus status : {DnsStatus::unreachable, DnsStatus::refused})
    CHECK(txt_failed(status).detail.find("the resolver of this host") == 0);
  CHECK(txt_failed(DnsStatus::unreachable).cure.find("the zone") == std::string::npos);
  CHECK(txt_failed(DnsStatus::refused).cure.find("access-control") != std::string::npos);
  const Step root = fetch_said(FetchFault::cert_unknown_root);
  CHECK(root.cure.find("ca_file") != root.cure.npos);
}

TEST_CASE("words: a truncated answer that TCP does not bring is told as TCP's fault") {
  const Step step = txt_failed(DnsStatus::tcp_failed);
  CHECK(step.detail.find("does not come over TCP") != step.detail.npos);
  CHECK(step.cure.find("TCP port 53") != step.cure.npos);
}

TEST_CASE("words: AD that does not count is told as set") {
  CHECK(dns_facts({.status = DnsStatus::found, .ad_ignored = true, .ttl = seconds(5)}) ==
        "TTL 5s, AD set but not trusted here");
  CHECK(dns_facts({.status = DnsStatus::found, .authentic = true, .ttl = seconds(5)}) == "TTL 5s, AD set");
  CHECK(dns_facts({.status = DnsStatus::found, .ttl = seconds(5)}) == "TTL 5s, AD not set");
}

TEST_CASE("words: two Content-Type headers are named as two, with what nginx does") {
  const FetchOutcome outcome{.fault = FetchFault::several_media_types,
                             .detail = "Content-Type is sent 2 times: \"a\" and \"b\"",
                             .status = 200,
                             .content_type = "a, b"};
  const Step step = fetch_step(outcome, kHost);
  CHECK(step.detail == "https://" + kHost +
                           "/.well-known/mta-sts.txt: more than one Content-Type, status 200: "
                           "Content-Type is sent 2 times: \"a\" and \"b\"");
  CHECK(step.cure.find("add_header adds a second one") != step.cure.npos);
  CHECK(step.cure.find("default_type text/plain;") != step.cure.npos);
}

TEST_CASE("words: HTTP that is broken in one place is told with the section for that place") {
  const FetchOutcome outcome{.fault = FetchFault::http_malformed, .detail = "x", .rfc = "RFC 9112 section 7.1"};
  CHECK(fetch_step(outcome, kHost).rfc == "RFC 9112 section 7.1");
}

TEST_CASE("words: TLS is told where the handshake ended well") {
  FetchOutcome outcome{.fault = FetchFault::status,
                       .status = 404,
                       .tls_version = "TLSv1.3",
                       .tls_cipher = "TLS_AES_128_GCM_SHA256",
                       .cert_issuer = "CN=Some CA",
                       .cert_names = {kHost},
                       .address = "192.0.2.1"};
  const auto step = tls_step(outcome);
  REQUIRE(step);
  CHECK(step->result == "ok");
  CHECK(step->detail ==
        "192.0.2.1: TLSv1.3, TLS_AES_128_GCM_SHA256; certificate for " + kHost + "; issued by CN=Some CA");
  outcome.tls_version.clear();
  CHECK_FALSE(tls_step(outcome));
}

TEST_CASE("words: a refused certificate is described") {
  const FetchOutcome outcome{.fault = FetchFault::cert_wrong_name,
                             .detail = "hostname mismatch",
                             .cert_subject = "CN=www.d.example",
                             .cert_names = {"www.d.example"}};
  const Step step = fetch_step(outcome, kHost);
  CHECK(step.step == "tls");
  CHECK(step.detail == "the certificate is for other names; certificate for www.d.example; subject CN=www.d.example");
}

TEST_CASE("words: the client's own words follow, where they say more") {
  FetchOutcome outcome{.fault = FetchFault::refused,
                       .detail = "192.0.2.1: connection refused",
                       .attempts = {"192.0.2.1: connection refused"}};
  CHECK(fetch_step(outcome, kHost).detail == "connection refused (192.0.2.1: connection refused)");
  outcome = FetchOutcome{.fault = FetchFault::cert_unknown_ca, .detail = "an intermediate is missing"};
  CHECK(
      fetch_step(outcome, kHost).detail ==
      "the certificate does not lead to an authority trusted here; certificate for no DNS name: an intermediate is missing");
}

TEST_CASE("words: silence and trouble may pass, answers stay") {
  const auto [fault, status, passes] = GENERATE(table<FetchFault, int, bool>({
      {FetchFault::timeout, 0, true},
      {FetchFault::connect_timeout, 0, true},
      {FetchFault::unreachable, 0, true},
      {FetchFault::reset, 0, true},
      {FetchFault::status, 503, true},
      {FetchFault::status, 429, true},
      {FetchFault::refused, 0, false},
      {FetchFault::status, 404, false},
      {FetchFault::truncated, 200, false},
      {FetchFault::cert_expired, 0, false},
      {FetchFault::redirect, 301, false},
  }));
  CAPTURE(name_of(fault), status);
  CHECK(may_pass(FetchOutcome{.fault = fault, .status = status}) == passes);
}
