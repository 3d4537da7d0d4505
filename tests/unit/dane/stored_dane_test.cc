#include "dane/stored_dane.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

HopDane a_hop(bool bracketed, std::uint16_t port, MxState mx, std::vector<DaneHost> hosts) {
  return {{bracketed, port}, {mx, std::move(hosts)}, LifeTime(seconds(-5)), true, LifeTime(seconds(1'700'000'000))};
}

}  // namespace

TEST_CASE("a DANE status is read back as it was written") {
  const HopDane hop = GENERATE(a_hop(false, 25, MxState::signed_records,
                                     {{"mx1.d.example", HostFinding::tlsa_usable, {}},
                                      {"mx\\061.d.example", HostFinding::tlsa_failed, {}},
                                      {"mx2.d.example", HostFinding::address_failed, LifeTime(seconds(-7))}}),
                               a_hop(true, 65535, MxState::signed_denial, {{"d.example", HostFinding::address_absent}}),
                               a_hop(false, 1, MxState::unsigned_records, {}), a_hop(false, 25, MxState::failed, {}),
                               a_hop(false, 25, MxState::null_mx, {}));
  const auto one = with_hop(nullptr, hop);
  const auto two = with_hop(one, a_hop(true, 587, MxState::signed_records, {{"a", HostFinding::unanswered}}));
  for (const auto& known : {one, two}) {
    const auto read = parse_dane(dane_text(known));
    REQUIRE(read);
    CHECK(*read == *known);
  }
  CHECK(dane_text(nullptr).empty());
}

TEST_CASE("what no version of this program wrote is no DANE status") {
  const auto [name, text] = GENERATE(table<const char*, std::string>({
      {"empty", ""},
      {"a field short", "0 25 null 0 0"},
      {"another flag", "2 25 null 0 0 0"},
      {"port too large", "0 65536 null 0 0 0"},
      {"unknown MX state", "0 25 odd 0 0 0"},
      {"time with a letter", "0 25 null 0x 0 0"},
      {"time out of range", "0 25 null 0 0 999999999999999999"},
      {"hosts where none can be", "0 25 unsigned 0 0 0 mx1.d.example=tlsa_usable"},
      {"no hosts where some must be", "0 25 signed 0 0 0"},
      {"unknown finding", "0 25 signed 0 0 0 mx1.d.example=usable"},
      {"host without finding", "0 25 signed 0 0 0 mx1.d.example"},
      {"last usable without a time", "0 25 signed 0 0 0 mx1.d.example=tlsa_failed@"},
      {"last usable with a letter", "0 25 signed 0 0 0 mx1.d.example=tlsa_failed@1x"},
      {"last usable of a host that has not failed", "0 25 signed 0 0 0 mx1.d.example=tlsa_usable@1"},
      {"host without name", "0 25 signed 0 0 0 =tlsa_usable"},
      {"host of other octets", "0 25 signed 0 0 0 mx1\x1b[31m=tlsa_usable"},
      {"zero before a number", "0 025 null 0 0 0"},
      {"zero below zero", "0 25 null -0 0 0"},
      {"one next hop twice", "0 25 null 0 0 0\n0 25 null 0 0 1"},
      {"a second line that is none", "0 25 null 0 0 0\n"},
  }));
  CAPTURE(name);
  CHECK(parse_dane(text) == nullptr);
}

TEST_CASE("more next hops or hosts than are ever kept are refused") {
  std::string hops, hosts = "0 25 signed 0 0 0";
  for (std::size_t i = 0; i <= kMaxHops; ++i)
    hops += (i == 0 ? "" : "\n") + std::string("0 ") + std::to_string(25 + i) + " null 0 0 0";
  for (std::size_t i = 0; i <= kMaxDaneHosts; ++i) hosts += " mx" + std::to_string(i) + "=tlsa_absent";
  CHECK(parse_dane(hops) == nullptr);
  CHECK(parse_dane(hosts) == nullptr);
  CHECK(parse_dane(hosts.substr(0, hosts.rfind(' '))) != nullptr);
}
