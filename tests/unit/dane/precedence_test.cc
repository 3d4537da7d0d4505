#include "dane/precedence.h"

#include <algorithm>

#include "catch.h"
#include "findings.h"

using namespace tlspolicyd;

namespace {

// What is known of one host. R: failed, and its records were usable within the day; L: longer ago.
enum Host { U, X, N, F, R, L };
constexpr LifeTime kDecidedAt{seconds(1'000'000)};
constexpr bool kWithPolicy = true, kWithout = false;

using Hosts = std::vector<Host>;
using Names = std::vector<std::string>;

HostState state_of(Host host) {
  constexpr HostState kStates[] = {HostState::usable, HostState::unusable, HostState::none, HostState::failed};
  return kStates[std::min<int>(host, F)];
}

// Hosts mx0, mx1 and so on.
DaneStatus status(MxState mx, const Hosts& hosts) {
  DaneStatus out{mx, {}};
  for (const Host host : hosts) {
    out.hosts.push_back({"mx" + std::to_string(out.hosts.size()), a_finding_of(state_of(host)), {}});
    if (host == R) out.hosts.back().last_usable = kDecidedAt - kDaneRemembered;
    if (host == L) out.hosts.back().last_usable = kDecidedAt - kDaneRemembered - seconds(1);
  }
  return out;
}

AllowsHost policy(bool enforced) {
  if (!enforced) return nullptr;
  return [](std::string_view) { return true; };
}

DaneDecision decide(const DaneStatus& status, const DaneStatus* before, bool enforced, PrecedenceOptions options = {}) {
  return decide_precedence(status, before, policy(enforced), options, kDecidedAt);
}

DaneVerdict verdict(MxState mx, const Hosts& hosts, bool enforced, PrecedenceOptions options = {}) {
  return decide(status(mx, hosts), nullptr, enforced, options).verdict;
}

const MxState kEveryMx[] = {MxState::signed_records, MxState::unsigned_records, MxState::failed,
                            MxState::null_mx,        MxState::signed_denial,    MxState::unsigned_denial};
const Host kEveryHost[] = {U, X, N, F, R, L};

// All lists of up to three hosts.
std::vector<Hosts> every_host_list() {
  std::vector<Hosts> lists{{}};
  for (std::size_t from = 0, length = 1; length <= 3; ++length) {
    const std::size_t end = lists.size();
    for (; from < end; ++from)
      for (const Host host : kEveryHost) {
        lists.push_back(lists[from]);
        lists.back().push_back(host);
      }
  }
  return lists;
}

bool holds(const Hosts& hosts, Host host) { return std::count(hosts.begin(), hosts.end(), host) != 0; }

}  // namespace

TEST_CASE("N-01 a signed MX with usable TLSA everywhere: dane_reply, enforced or not") {
  const auto reply = GENERATE(DaneVerdict::notfound, DaneVerdict::dane, DaneVerdict::dane_only);
  const PrecedenceOptions options{.dane_reply = reply};
  CHECK(verdict(MxState::signed_records, {U, U}, kWithPolicy, options) == reply);
  CHECK(verdict(MxState::signed_records, {U}, kWithout, options) == reply);
}

TEST_CASE("N-05 N-06 a signed MX without usable TLSA: the policy decides, or else TLS stays mandatory") {
  const auto hosts = GENERATE(Hosts{N}, Hosts{X}, Hosts{X, N});
  CHECK(verdict(MxState::signed_records, hosts, kWithPolicy) == DaneVerdict::secure);
  const PrecedenceOptions options{.dane_reply = DaneVerdict::dane_only};
  CHECK(verdict(MxState::signed_records, hosts, kWithout, options) ==
        (holds(hosts, X) ? DaneVerdict::dane : DaneVerdict::notfound));
}

TEST_CASE("N-02 N-14 a mixed set, or only failed hosts: dane_mixed_reply under a policy") {
  const auto hosts =
      GENERATE(Hosts{U, N}, Hosts{U, X}, Hosts{F}, Hosts{F, L}, Hosts{R, R}, Hosts{U, F}, Hosts{N, R}, Hosts{X, L, R});
  const auto mixed = GENERATE(DaneVerdict::dane_only, DaneVerdict::dane);
  CHECK(verdict(MxState::signed_records, hosts, kWithPolicy, {.dane_mixed_reply = mixed}) == mixed);
  CHECK(verdict(MxState::signed_records, hosts, kWithout) == DaneVerdict::notfound);
  CHECK(verdict(MxState::signed_records, hosts, kWithout, {.dane_reply = DaneVerdict::dane_only}) == DaneVerdict::dane);
}

TEST_CASE("N-02 a failed host beside hosts without usable TLSA: the policy decides about the others") {
  const auto [hosts, names, left_out] = GENERATE(table<Hosts, Names, Names>({
      {{N, F}, {"mx0"}, {"mx1"}},
      {{F, X}, {"mx1"}, {"mx0"}},
      {{L, N, X, F}, {"mx1", "mx2"}, {"mx0", "mx3"}},
  }));
  for (const MxState mx : {MxState::signed_records, MxState::signed_denial}) {
    const DaneDecision decision = decide(status(mx, hosts), nullptr, kWithPolicy);
    CHECK(decision.verdict == DaneVerdict::secure);
    CHECK(decision.hosts == names);
    CHECK(decision.left_out == left_out);
  }
}

TEST_CASE("N-02 a failed host beside hosts that the policy does not allow, or without address: dane_mixed_reply") {
  const auto mixed = GENERATE(DaneVerdict::dane_only, DaneVerdict::dane);
  const PrecedenceOptions options{.dane_mixed_reply = mixed};
  const AllowsHost only_mx1 = [](std::string_view host) { return host == "mx1"; };
  CHECK(decide_precedence(status(MxState::signed_records, {N, F}), nullptr, only_mx1, options, kDecidedAt).verdict ==
        mixed);
  DaneStatus gone = status(MxState::signed_records, {F, N});
  CHECK(decide_precedence(gone, nullptr, only_mx1, options, kDecidedAt).hosts == Names{"mx1"});
  gone.hosts[1].finding = HostFinding::address_absent;
  CHECK(decide_precedence(gone, nullptr, only_mx1, options, kDecidedAt).verdict == mixed);
}

TEST_CASE("N-04 an unsigned MX proves nothing, whatever hosts it names") {
  const auto mx = GENERATE(MxState::unsigned_records, MxState::unsigned_denial);
  const auto hosts = GENERATE(Hosts{U}, Hosts{U, U}, Hosts{N}, Hosts{F}, Hosts{X});
  CHECK(verdict(mx, hosts, kWithPolicy) == DaneVerdict::secure);
  CHECK(verdict(mx, hosts, kWithout) == DaneVerdict::notfound);
}

TEST_CASE("N-03 a failed MX look-up: what was last known decides about a policy") {
  const DaneStatus failed;
  const auto [name, before, expected] = GENERATE(table<const char*, std::optional<DaneStatus>, DaneVerdict>({
      {"not known", std::nullopt, DaneVerdict::temp},
      {"all N", status(MxState::signed_records, {N, N}), DaneVerdict::secure},
      {"unsigned", status(MxState::unsigned_records, {U}), DaneVerdict::secure},
      {"held U", status(MxState::signed_records, {U, N}), DaneVerdict::dane_only},
      {"held R", status(MxState::signed_records, {N, R}), DaneVerdict::dane_only},
      {"all F", status(MxState::signed_records, {F, L}), DaneVerdict::dane_only},
      {"all X", status(MxState::signed_records, {X}), DaneVerdict::secure},
      {"N and F", status(MxState::signed_records, {N, F}), DaneVerdict::secure},
  }));
  CAPTURE(name);
  CHECK(decide(failed, before ? &*before : nullptr, kWithPolicy).verdict == expected);
  const auto error = GENERATE(DaneVerdict::notfound, DaneVerdict::temp);
  CHECK(decide(failed, before ? &*before : nullptr, kWithout, {.dns_error_reply = error}).verdict == error);
}

TEST_CASE("M-12 a null MX may be forged: an enforce policy still answers") {
  CHECK(verdict(MxState::null_mx, {}, kWithPolicy) == DaneVerdict::secure);
  CHECK(verdict(MxState::null_mx, {}, kWithout) == DaneVerdict::notfound);
}

TEST_CASE("an implicit MX counts as signed where its denial is") {
  CHECK(verdict(MxState::signed_denial, {U}, kWithPolicy) == DaneVerdict::notfound);
  CHECK(verdict(MxState::signed_denial, {N}, kWithPolicy) == DaneVerdict::secure);
  CHECK(verdict(MxState::signed_denial, {F}, kWithPolicy) == DaneVerdict::dane_only);
}

TEST_CASE("N-01 N-02 whatever is seen, no answer overrides DANE, weakens a policy or holds up mail for nothing") {
  const auto reply = GENERATE(DaneVerdict::notfound, DaneVerdict::dane, DaneVerdict::dane_only);
  const auto mixed = GENERATE(DaneVerdict::dane, DaneVerdict::dane_only);
  const bool mx_fails_now = GENERATE(false, true);
  const PrecedenceOptions options{.dane_reply = reply, .dane_mixed_reply = mixed};
  for (const MxState mx : kEveryMx)
    for (const Hosts& hosts : every_host_list())
      for (const bool enforced : {false, true}) {
        const DaneStatus known = status(mx, hosts);
        const DaneDecision decision =
            mx_fails_now ? decide({}, &known, enforced, options) : decide(known, nullptr, enforced, options);
        const DaneVerdict said = decision.verdict;
        const bool is_signed = mx == MxState::signed_records || mx == MxState::signed_denial;
        const bool protects = is_signed && (holds(hosts, U) || holds(hosts, R));
        const bool healthy = !is_signed || holds(hosts, N) || holds(hosts, X) || hosts.empty();
        CAPTURE(int(mx), hosts, enforced, name_of(said));
        if (protects) CHECK(said != DaneVerdict::secure);
        if (said == DaneVerdict::secure) CHECK(enforced);
        if (enforced && !protects && healthy) CHECK((said == DaneVerdict::secure || mx == MxState::failed));
        if (enforced && said == DaneVerdict::notfound)
          CHECK(std::count(hosts.begin(), hosts.end(), U) == std::ptrdiff_t(hosts.size()));
        if (said == DaneVerdict::temp) CHECK(mx == MxState::failed);
        const bool lame = is_signed && (holds(hosts, F) || holds(hosts, R) || holds(hosts, L));
        CHECK((said == DaneVerdict::secure && lame) == !decision.hosts.empty());
        for (std::size_t i = 0; i < hosts.size() && !decision.hosts.empty(); ++i) {
          const auto listed = [&](const Names& names) {
            return std::count(names.begin(), names.end(), known.hosts[i].name);
          };
          const bool failed = state_of(hosts[i]) == HostState::failed;
          CHECK(listed(decision.hosts) == (failed ? 0 : 1));
          CHECK(listed(decision.left_out) == (failed ? 1 : 0));
        }
      }
}
