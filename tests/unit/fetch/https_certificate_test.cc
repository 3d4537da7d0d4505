// Certificates, right and wrong, as a policy host presents them.
#include <thread>

#include "https_fixture.h"

using namespace tlspolicyd;

namespace {

struct Presented {
  Identity leaf;
  std::vector<Identity> chain;
};

Presented by_root(const CertSpec& spec) { return {make_identity(spec, &pki().root), {}}; }

CertSpec named(const std::string& alt_names, const std::string& common_name = "d.example") {
  return {.common_name = common_name, .alt_names = alt_names};
}

CertSpec ca(const std::string& constraints, const std::string& name_constraints = "") {
  CertSpec spec = ca_spec("Test Intermediate");
  spec.constraints = constraints;
  spec.name_constraints = name_constraints;
  return spec;
}

Presented by_intermediate(const CertSpec& spec, bool sent = true) {
  const Identity between = make_identity(spec, &pki().root);
  return {make_identity({}, &between), sent ? std::vector{between} : std::vector<Identity>{}};
}

Presented below_path_length() {
  const Identity upper = make_identity(ca("critical,CA:TRUE,pathlen:0"), &pki().root);
  CertSpec spec = ca_spec("Test Second Intermediate");
  const Identity lower = make_identity(spec, &upper);
  return {make_identity({}, &lower), {lower, upper}};
}

Presented by_stranger(bool root_sent) {
  const Identity root = make_identity(ca_spec("Strange Root"));
  return {make_identity({}, &root), root_sent ? std::vector{root} : std::vector<Identity>{}};
}

// Issued under the name of the trusted root, but with another key.
Presented by_impostor() {
  const Identity root = make_identity(ca_spec("Test Root"));
  return {make_identity({}, &root), {}};
}

Presented large_chain() {
  CertSpec spec = ca_spec("Test Large");
  spec.bulk = 100'000;
  return by_intermediate(spec);
}

FetchOutcome fetch_from(const Presented& shown) {
  HttpsFixture https;
  const TlsPeer peer({.leaf = shown.leaf, .chain = shown.chain}, answering(http_ok(kPolicy)));
  return https.fetch(peer);
}

struct Row {
  const char* name;
  Presented shown;
  FetchFault fault;
  const char* words;  // part of the detail
};

void check(const Row& row) {
  CAPTURE(row.name);
  const FetchOutcome got = fetch_from(row.shown);
  CAPTURE(got.detail);
  CHECK(name_of(got.fault) == name_of(row.fault));
  CHECK(got.detail.find(row.words) != std::string::npos);
  CHECK(got.body.empty() == (row.fault != FetchFault::none));
  // What was shown can be told, also where it was refused.
  CHECK_FALSE(got.cert_subject.empty());
  CHECK(got.cert_not_after.size() == 20);
  CHECK(got.tls_version.empty() == (row.fault != FetchFault::none));
}

}  // namespace

TEST_CASE("F-03 the chain must end in a trusted root") {
  check({"trusted", {pki().leaf, {}}, FetchFault::none, ""});
  check({"trusted, root sent too", {pki().leaf, {pki().root}}, FetchFault::none, ""});
  check({"intermediate sent", by_intermediate(ca("critical,CA:TRUE")), FetchFault::none, ""});
  check({"self-signed", {make_identity({}), {}}, FetchFault::cert_self_signed, "is self-signed"});
  check({"unknown root", by_stranger(false), FetchFault::cert_unknown_ca, "\"CN=Strange Root\" is not trusted"});
  check({"unknown root, sent", by_stranger(true), FetchFault::cert_unknown_root,
         "\"CN=Strange Root\" which is not trusted"});
  check({"intermediate missing", by_intermediate(ca("critical,CA:TRUE"), false), FetchFault::cert_unknown_ca,
         "does not send its intermediate"});
  check({"signed by another key", by_impostor(), FetchFault::cert_invalid, "signature"});
}

TEST_CASE("F-04 F-07 only a dNSName of the policy host identifies it") {
  const std::string other = "DNS:d.example, DNS:mta-sts.prov.example";
  check({"among others", by_root(named(other + ", DNS:" + kHost)), FetchFault::none, ""});
  check({"in capitals", by_root(named("DNS:MTA-STS.D.EXAMPLE")), FetchFault::none, ""});
  check({"CN only", by_root(named("", kHost)), FetchFault::cert_name_only_in_cn, "only as common name"});
  check(
      {"CN and an address", by_root(named("IP:127.0.0.1", kHost)), FetchFault::cert_name_only_in_cn, "subjectAltName"});
  check({"CN and a URI", by_root(named("URI:https://" + kHost + "/", kHost)), FetchFault::cert_name_only_in_cn, ""});
  check(
      {"CN, other dNSName", by_root(named("DNS:d.example", kHost)), FetchFault::cert_wrong_name, "but for d.example"});
  check(
      {"domain, not host", by_root(named("DNS:d.example")), FetchFault::cert_wrong_name, "not for mta-sts.d.example"});
  check(
      {"provider only", by_root(named(other)), FetchFault::cert_wrong_name, "but for d.example, mta-sts.prov.example"});
  check({"no name at all", by_root(named("", "d.example")), FetchFault::cert_wrong_name, "no dNSName"});
  check({"host below", by_root(named("DNS:x." + kHost)), FetchFault::cert_wrong_name, ""});
}

TEST_CASE("F-05 a wildcard stands for exactly the left-most label") {
  check({"whole label", by_root(named("DNS:*.d.example")), FetchFault::none, ""});
  const std::string wrong = GENERATE(values<std::string>(
      {"*.example", "mta-*.d.example", "*-sts.d.example", "*sts.d.example", "mta-st*.d.example", "m*s.d.example",
       "*.mta-sts.d.example", "*", "mta-sts.*.example", "*.*.example", "**.d.example"}));
  check({wrong.c_str(), by_root(named("DNS:" + wrong)), FetchFault::cert_wrong_name, "not for mta-sts.d.example"});
}

TEST_CASE("F-06 the certificate must be valid now") {
  check({"just expired", by_root({.not_after = -1}), FetchFault::cert_expired, "the certificate expired at 2"});
  check({"not yet", by_root({.not_before = 3600}), FetchFault::cert_not_yet_valid, "not before 2"});
  CertSpec old = ca_spec("Test Intermediate");
  old.not_after = -60;
  check({"issuer expired", by_intermediate(old), FetchFault::cert_issuer_expired, "\"CN=Test Intermediate\" expired"});
}

TEST_CASE("F-08 the path is validated in full") {
  check({"RSA 2048", by_root({.rsa_bits = 2048}), FetchFault::none, ""});
  check({"no extended usage", by_root({.extended_usage = ""}), FetchFault::none, ""});
  check({"issuer is no CA", by_intermediate(ca("critical,CA:FALSE")), FetchFault::cert_invalid, "invalid CA"});
  check({"issuer without constraints", by_intermediate(ca("")), FetchFault::cert_invalid, "invalid CA"});
  check({"for clients only", by_root({.extended_usage = "clientAuth"}), FetchFault::cert_invalid, "purpose"});
  check({"for mail only", by_root({.extended_usage = "emailProtection"}), FetchFault::cert_invalid, "purpose"});
  check({"path too long", below_path_length(), FetchFault::cert_invalid, "path length"});
  check({"name excluded", by_intermediate(ca("critical,CA:TRUE", "critical,permitted;DNS:other.example")),
         FetchFault::cert_invalid, "permitted subtree"});
  check({"RSA 1024", by_root({.rsa_bits = 1024}), FetchFault::cert_invalid, "key too"});
  check({"SHA-1", by_root({.digest = "SHA1"}), FetchFault::cert_invalid, "weak"});
}

TEST_CASE("a chain of 100 kB is refused as such") {
  const FetchOutcome got = fetch_from(large_chain());
  CHECK(name_of(got.fault) == "cert_chain_too_large");
  CHECK(got.detail == "the certificate chain is larger than 32 KiB");
}

TEST_CASE("of many names at most twenty are told") {
  std::string names = "DNS:a0.example";
  for (int i = 1; i < 100; ++i) names += ",DNS:a" + std::to_string(i) + ".example";
  const FetchOutcome got = fetch_from(by_root(named(names)));
  CHECK(got.cert_names.size() == 20);
  CHECK(got.detail.find("a4.example") != std::string::npos);
  CHECK(got.detail.find("a5.example") == std::string::npos);
}
