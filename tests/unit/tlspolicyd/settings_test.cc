#include "tlspolicyd/settings.h"
#include "config/param_values.h"

#include "catch.h"
#include "config/params.h"

using namespace tlspolicyd;

namespace {

Config config_with(const std::string& name, const std::string& value) {
  Config config = default_config();
  REQUIRE(find_param(name) != nullptr);
  REQUIRE(assign(config, *find_param(name), value));
  return config;
}

}  // namespace

TEST_CASE("the defaults come to DANE by Postfix itself, strict in mixed sets, and no deferral") {
  const PrecedenceOptions options = precedence_options(default_config());
  CHECK(options.dane_reply == DaneVerdict::notfound);
  CHECK(options.dane_mixed_reply == DaneVerdict::dane_only);
  CHECK(options.dns_error_reply == DaneVerdict::notfound);
}

TEST_CASE("each reply of DANE that can be set comes to the verdict of that name") {
  for (const char* reply : {"notfound", "dane", "dane-only"})
    CHECK(name_of(precedence_options(config_with("dane_reply", reply)).dane_reply) == reply);
  for (const char* reply : {"dane-only", "dane"})
    CHECK(name_of(precedence_options(config_with("dane_mixed_reply", reply)).dane_mixed_reply) == reply);
  for (const char* reply : {"notfound", "temp"})
    CHECK(name_of(precedence_options(config_with("dns_error_reply", reply)).dns_error_reply) == reply);
}

TEST_CASE("N-11 the resolver client is told whose AD counts") {
  CHECK(dns_options(default_config()).trust_ad == TrustAd::loopback);
  CHECK(dns_options(config_with("resolver_trust_ad", "always")).trust_ad == TrustAd::always);
  CHECK(dns_options(config_with("resolver_trust_ad", "never")).trust_ad == TrustAd::never);
}

TEST_CASE("N-11 DANE and its canary ask only resolvers whose AD counts, everything else asks all") {
  CHECK(dane_dns_options(default_config()).only_trusted);
  CHECK_FALSE(dns_options(default_config()).only_trusted);
}

TEST_CASE("a level that the operator states needs no postconf, and dane means with DNSSEC") {
  CHECK_FALSE(fixed_level(default_config()));
  CHECK(fixed_level(config_with("postfix_security_level", "dane")) == PostfixTls{BaseLevel::dane, true});
  CHECK(fixed_level(config_with("postfix_security_level", "may"))->level == BaseLevel::may);
}
