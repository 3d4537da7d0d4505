#include "dane/precedence.h"

#include <algorithm>

#include "catch.h"
#include "findings.h"

using namespace tlspolicyd;

namespace {

constexpr auto U = HostState::usable, X = HostState::unusable, N = HostState::none, F = HostState::failed;
constexpr bool kEnforced = true, kFree = false;

using Hosts = std::vector<HostState>;

DaneStatus status(MxState mx, const Hosts& hosts) {
  DaneStatus out{mx, {}};
  for (const HostState state : hosts) out.hosts.push_back({"mx.d.example", a_finding_of(state)});
  return out;
}

DaneVerdict verdict(MxState mx, const Hosts& hosts, bool enforced, PrecedenceOptions options = {}) {
  return decide_precedence(status(mx, hosts), nullptr, enforced, options);
}

const MxState kEveryMx[] = {MxState::signed_records,  MxState::unsigned_records, MxState::failed,
                            MxState::null_mx,         MxState::signed_denial,    MxState::unsigned_denial};
const HostState kEveryHost[] = {U, X, N, F};

// All lists of up to three hosts.
std::vector<Hosts> every_host_list() {
  std::vector<Hosts> lists{{}};
  for (std::size_t from = 0, length = 1; length <= 3; ++length) {
    const std::size_t end = lists.size();
    for (; from < end; ++from)
      for (const HostState host : kEveryHost) {
        lists.push_back(lists[from]);
        lists.back().push_back(host);
      }
  }
  return lists;
}

bool holds(const Hosts& hosts, HostState state) { return std::count(hosts.begin(), hosts.end(), state) != 0; }

}  // namespace

TEST_CASE("N-01 a signed MX with usable TLSA everywhere: dane_reply, enforced or not") {
  const auto reply = GENERATE(DaneVerdict::notfound, DaneVerdict::dane, DaneVerdict::dane_only);
  const PrecedenceOptions options{.dane_reply = reply};
  CHECK(verdict(MxState::signed_records, {U, U}, kEnforced, options) == reply);
  CHECK(verdict(MxState::signed_records, {U}, kFree, options) == reply);
}

TEST_CASE("N-05 N-06 a signed MX without usable TLSA: the policy decides, or else TLS stays mandatory") {
  const auto hosts = GENERATE(Hosts{N}, Hosts{X}, Hosts{X, N});
  CHECK(verdict(MxState::signed_records, hosts, kEnforced) == DaneVerdict::secure);
  const PrecedenceOptions options{.dane_reply = DaneVerdict::dane_only};
  CHECK(verdict(MxState::signed_records, hosts, kFree, options) ==
        (holds(hosts, X) ? DaneVerdict::dane : DaneVerdict::notfound));
}

TEST_CASE("N-02 N-14 a mixed set, or a look-up that fails: dane_mixed_reply under a policy") {
  const auto hosts = GENERATE(Hosts{U, N}, Hosts{U, X}, Hosts{F}, Hosts{F, F}, Hosts{N, F}, Hosts{U, F});
  const auto mixed = GENERATE(DaneVerdict::dane_only, DaneVerdict::dane);
  CHECK(verdict(MxState::signed_records, hosts, kEnforced, {.dane_mixed_reply = mixed}) == mixed);
  CHECK(verdict(MxState::signed_records, hosts, kFree) == DaneVerdict::notfound);
  CHECK(verdict(MxState::signed_records, hosts, kFree, {.dane_reply = DaneVerdict::dane_only}) == DaneVerdict::dane);
}

TEST_CASE("N-04 an unsigned MX proves nothing, whatever hosts it names") {
  const auto mx = GENERATE(MxState::unsigned_records, MxState::unsigned_denial);
  const auto hosts = GENERATE(Hosts{U}, Hosts{U, U}, Hosts{N}, Hosts{F}, Hosts{X});
  CHECK(verdict(mx, hosts, kEnforced) == DaneVerdict::secure);
  CHECK(verdict(mx, hosts, kFree) == DaneVerdict::notfound);
}

TEST_CASE("N-03 a failed MX look-up: what was last known decides about a policy") {
  const DaneStatus failed;
  const auto [name, before, expected] = GENERATE(table<const char*, std::optional<DaneStatus>, DaneVerdict>({
      {"not known", std::nullopt, DaneVerdict::temp},
      {"all N", status(MxState::signed_records, {N, N}), DaneVerdict::secure},
      {"unsigned", status(MxState::unsigned_records, {U}), DaneVerdict::secure},
      {"held U", status(MxState::signed_records, {U, N}), DaneVerdict::dane_only},
      {"held X", status(MxState::signed_records, {X}), DaneVerdict::dane_only},
      {"held F", status(MxState::signed_records, {N, F}), DaneVerdict::dane_only},
  }));
  CAPTURE(name);
  CHECK(decide_precedence(failed, before ? &*before : nullptr, kEnforced, {}) == expected);
  const auto error = GENERATE(DaneVerdict::notfound, DaneVerdict::temp);
  CHECK(decide_precedence(failed, before ? &*before : nullptr, kFree, {.dns_error_reply = error}) == error);
}

TEST_CASE("M-12 a null MX may be forged: an enforce policy still answers") {
  CHECK(verdict(MxState::null_mx, {}, kEnforced) == DaneVerdict::secure);
  CHECK(verdict(MxState::null_mx, {}, kFree) == DaneVerdict::notfound);
}

TEST_CASE("an implicit MX counts as signed where its denial is") {
  CHECK(verdict(MxState::signed_denial, {U}, kEnforced) == DaneVerdict::notfound);
  CHECK(verdict(MxState::signed_denial, {N}, kEnforced) == DaneVerdict::secure);
  CHECK(verdict(MxState::signed_denial, {F}, kEnforced) == DaneVerdict::dane_only);
}

TEST_CASE("whatever is seen, no answer overrides DANE, weakens a policy or holds up mail for nothing") {
  const auto reply = GENERATE(DaneVerdict::notfound, DaneVerdict::dane, DaneVerdict::dane_only);
  const auto mixed = GENERATE(DaneVerdict::dane, DaneVerdict::dane_only);
  const PrecedenceOptions options{.dane_reply = reply, .dane_mixed_reply = mixed};
  for (const MxState mx : kEveryMx)
    for (const Hosts& hosts : every_host_list())
      for (const bool enforced : {false, true}) {
        const DaneVerdict said = verdict(mx, hosts, enforced, options);
        const bool is_signed = mx == MxState::signed_records || mx == MxState::signed_denial;
        const bool dane_speaks = is_signed && (holds(hosts, U) || holds(hosts, F));
        CAPTURE(int(mx), hosts.size(), enforced, name_of(said));
        if (dane_speaks) CHECK(said != DaneVerdict::secure);
        if (said == DaneVerdict::secure) CHECK(enforced);
        if (enforced && !dane_speaks) CHECK((said == DaneVerdict::secure || mx == MxState::failed));
        if (enforced && dane_speaks && said == DaneVerdict::notfound) CHECK(std::count(hosts.begin(), hosts.end(), U) == std::ptrdiff_t(hosts.size()));
        if (said == DaneVerdict::temp) CHECK(mx == MxState::failed);
      }
}
