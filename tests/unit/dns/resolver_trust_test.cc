#include "dns/resolver_trust.h"

#include "dns_rig.h"

namespace {

constexpr const char* kForwarder = "127.0.0.11";
const DnsQuestion kAlias{"t.example", RrType::txt};

// The alias at one resolver, what it leads to only at another.
void split(NameServer& first, NameServer& second) {
  first.set_cname("t.example", "b.other").ad = true;
  first.set_txt("b.other", {}).rcode = 2;
  second.set_txt("b.other", {"x"}).ad = true;
}

}  // namespace

TEST_CASE("N-11 whose AD bit counts") {
  const auto [name, resolver, loopback] = GENERATE(table<const char*, const char*, bool>({
      {"this host", "127.0.0.1", true},
      {"on another port", "127.0.0.1:5353", true},
      {"systemd-resolved", "127.0.0.53", true},
      {"the first of the block", "127.0.0.0", true},
      {"the last of the block", "127.255.255.255", true},
      {"before the block", "126.255.255.255", false},
      {"behind the block", "128.0.0.0", false},
      {"a container engine's forwarder", "127.0.0.11", false},
      {"the same on another port", "127.0.0.11:5353", false},
      {"beside the forwarder", "127.0.0.12", true},
      {"systemd-resolved that only passes on", "127.0.0.54", false},
      {"ends like the forwarder", "127.1.0.11", true},
      {"IPv6 loopback", "::1", true},
      {"IPv6 loopback, spelled out", "[0:0:0:0:0:0:0:1]:5353", true},
      {"IPv6 unspecified", "::", false},
      {"beside IPv6 loopback", "::2", false},
      {"mapped loopback", "::ffff:127.0.0.1", true},
      {"mapped forwarder", "::ffff:127.0.0.11", false},
      {"mapped public", "::ffff:192.0.2.1", false},
      {"IPv4-compatible, long given up", "::127.0.0.1", false},
      {"begins like loopback", "7f00::1", false},
      {"private", "10.0.0.1", false},
      {"public", "192.0.2.53", false},
      {"link-local", "fe80::1%eth0", false},
  }));
  CAPTURE(name, resolver);
  const Resolver judged = *parse_resolver(resolver);
  CHECK(counts_ad(judged, TrustAd::loopback) == loopback);
  CHECK(counts_ad(judged, TrustAd::always));
  CHECK_FALSE(counts_ad(judged, TrustAd::never));
}

TEST_CASE("N-11 AD makes an answer authentic only from a resolver whose AD counts") {
  const auto [address, trust, authentic] = GENERATE(table<const char*, TrustAd, bool>({
      {"127.0.0.1", TrustAd::loopback, true},
      {"127.0.0.1", TrustAd::never, false},
      {"127.0.0.1", TrustAd::always, true},
      {kForwarder, TrustAd::loopback, false},
      {kForwarder, TrustAd::always, true},
      {kForwarder, TrustAd::never, false},
  }));
  CAPTURE(address, trust);
  Rig rig;
  NameServer server(rig.loop, 0, address);
  const bool ad = GENERATE(true, false);
  server.set_txt(kTxt.name, {kRecord}).ad = ad;
  auto options = rig.options({server.resolver()});
  options.trust_ad = trust;
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::found);
  CHECK(answer.authentic == (authentic && ad));
}

TEST_CASE("N-11 a denial is authentic under the same condition") {
  const auto [trust, status] = GENERATE(table<TrustAd, DnsStatus>({
      {TrustAd::loopback, DnsStatus::no_data},
      {TrustAd::loopback, DnsStatus::no_name},
      {TrustAd::never, DnsStatus::no_data},
      {TrustAd::never, DnsStatus::no_name},
  }));
  Rig rig;
  auto& script = rig.server.set_txt(kTxt.name, {});
  script.rcode = status == DnsStatus::no_name ? 3 : 0;
  script.ad = true;
  auto options = rig.options({rig.server.resolver()});
  options.trust_ad = trust;
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == status);
  CHECK(answer.authentic == (trust == TrustAd::loopback));
}

TEST_CASE("N-11 one step of a chain from a resolver whose AD does not count spoils all") {
  const auto [name, alias_at, rest_at, trust, authentic] =
      GENERATE(table<const char*, const char*, const char*, TrustAd, bool>({
          {"both count", "127.0.0.1", "127.0.0.1", TrustAd::loopback, true},
          {"the last does not", "127.0.0.1", kForwarder, TrustAd::loopback, false},
          {"the first does not", kForwarder, "127.0.0.1", TrustAd::loopback, false},
          {"each counts by order", "127.0.0.1", kForwarder, TrustAd::always, true},
      }));
  CAPTURE(name);
  Rig rig;
  NameServer first(rig.loop, 0, alias_at), second(rig.loop, 0, rest_at);
  split(first, second);
  auto options = rig.options({first.resolver(), second.resolver()});
  options.trust_ad = trust;
  const DnsAnswer answer = rig.ask(options, kAlias);
  REQUIRE(answer.status == DnsStatus::found);
  REQUIRE(answer.chain == std::vector<std::string>{"b.other"});
  REQUIRE(second.count("b.other", RrType::txt) == 1);
  CHECK(answer.authentic == authentic);
}

TEST_CASE("N-11 only the resolver that counts is asked, so its failure cannot be turned into an unsigned answer") {
  Rig rig;
  NameServer first(rig.loop, 0, kForwarder), second(rig.loop, 0, "127.0.0.1");
  first.set_txt(kTxt.name, {kRecord}).ad = true;
  second.set_txt(kTxt.name, {kRecord}).rcode = 2;
  auto options = rig.options({first.resolver(), second.resolver()});
  options.only_trusted = true;
  CHECK(rig.ask(options, kTxt).failed());
  CHECK(first.asked.empty());
  SECTION("where none counts they all are asked: the canary tells") {
    const DnsAnswer answer = rig.ask(
        [&] {
          options.trust_ad = TrustAd::never;
          return options;
        }(),
        kTxt);
    CHECK(answer.status == DnsStatus::found);
    CHECK_FALSE(answer.authentic);
  }
}

TEST_CASE("N-11 another setting holds for new questions") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).ad = true;
  auto options = rig.options({rig.server.resolver()});
  DnsClient client(rig.hub, options);
  CHECK(rig.ask(client, kTxt).authentic);
  options.trust_ad = TrustAd::never;
  client.set_options(options);
  CHECK_FALSE(rig.ask(client, kTxt).authentic);
}
