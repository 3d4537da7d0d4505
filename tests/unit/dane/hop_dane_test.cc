#include "dane/hop_dane.h"

#include "catch.h"
#include "findings.h"

using namespace tlspolicyd;

namespace {

constexpr LifeTime kNow{seconds(1'000'000)};
constexpr bool kEnforced = true, kFree = false;

DaneStatus signed_status(HostState state) {
  return {MxState::signed_records, {{"mx1.d.example", a_finding_of(state)}}};
}

HopDane known(HostState state, seconds ttl = seconds(300)) {
  return learned(nullptr, {}, signed_status(state), ttl, kNow);
}

DaneVerdict enforced(const HopDane* hop, LifeTime now) {
  return decide_hop(hop, now, [](std::string_view) { return true; }, {}).verdict;
}

DaneVerdict enforced_by(const HopDane& hop, LifeTime now) { return enforced(&hop, now); }

// Two hosts, the first without TLSA records.
DaneStatus beside(HostState second) {
  return {MxState::signed_records,
          {{"mx1.d.example", a_finding_of(HostState::none), {}}, {"mx2.d.example", a_finding_of(second), {}}}};
}

}  // namespace

TEST_CASE("a DANE status is current for its TTL, a minute at least, an hour at most") {
  const auto [ttl, current] = GENERATE(table<int, int>({{0, 60}, {59, 60}, {300, 300}, {86'400, 3'600}}));
  const HopDane hop = known(HostState::none, seconds(ttl));
  CHECK(assess_dane(&hop, kNow + seconds(current), kEnforced) == DaneNeed::nothing);
  CHECK(assess_dane(&hop, kNow + seconds(current + 1), kEnforced) == DaneNeed::wait);
  CHECK(assess_dane(&hop, kNow + seconds(current + 1), kFree) == DaneNeed::refresh);
}

TEST_CASE(
    "without a policy a DANE status past its time answers for an hour while it is looked up again, then no longer") {
  const HopDane hop = known(HostState::usable, seconds(60));
  const LifeTime end = kNow + seconds(60) + kDaneGrace;
  const auto free = [&](LifeTime now) {
    return decide_hop(&hop, now, nullptr, {.dane_reply = DaneVerdict::dane}).verdict;
  };
  CHECK(assess_dane(&hop, end, kFree) == DaneNeed::refresh);
  CHECK(free(end) == DaneVerdict::dane);
  CHECK(assess_dane(&hop, end + seconds(1), kFree) == DaneNeed::wait);
  CHECK(free(end + seconds(1)) == DaneVerdict::notfound);
  CHECK(assess_dane(nullptr, kNow, kFree) == DaneNeed::wait);
}

TEST_CASE("N-01 under a policy a DANE status past its time weakens nothing, and switches no DANE off") {
  const auto [state, current, stale] = GENERATE(table<HostState, DaneVerdict, DaneVerdict>(
      {{HostState::usable, DaneVerdict::notfound, DaneVerdict::dane_only},
       {HostState::none, DaneVerdict::secure, DaneVerdict::secure},
       {HostState::unusable, DaneVerdict::secure, DaneVerdict::secure},
       {HostState::failed, DaneVerdict::dane_only, DaneVerdict::dane_only}}));
  const HopDane hop = known(state, seconds(60));
  CHECK(enforced(&hop, kNow + seconds(60)) == current);
  CHECK(enforced(&hop, kNow + seconds(61)) == stale);
  CHECK(enforced(&hop, kNow + kDaneRemembered) == stale);
  CHECK(enforced(&hop, kNow + kDaneRemembered + seconds(1)) == DaneVerdict::temp);
}

TEST_CASE("a lookup that has not ended counts as far as it has come, and for the rest what was known") {
  const HopDane before = learned(nullptr, {}, beside(HostState::usable), seconds(60), kNow);
  const LifeTime later = kNow + seconds(100);
  DaneStatus so_far = beside(HostState::failed);
  CHECK(enforced_by(unfinished(&before, {}, {}, later), later) == DaneVerdict::dane_only);
  CHECK(enforced_by(unfinished(&before, {}, so_far, later), later) == DaneVerdict::dane_only);
  so_far.hosts[0].finding = HostFinding::tlsa_usable;
  so_far.hosts[1].finding = HostFinding::unanswered;
  CHECK(enforced_by(unfinished(&before, {}, so_far, later), later) == DaneVerdict::dane_only);
  const HopDane none = learned(nullptr, {}, beside(HostState::none), seconds(60), kNow);
  CHECK(enforced_by(unfinished(&none, {}, {}, later), later) == DaneVerdict::secure);
  CHECK(enforced_by(unfinished(&none, {}, so_far, later), later) == DaneVerdict::dane_only);
  so_far.hosts[0].finding = HostFinding::tlsa_absent;
  CHECK(enforced_by(unfinished(&none, {}, so_far, later), later) == DaneVerdict::secure);
  CHECK(enforced_by(unfinished(nullptr, {}, {}, later), later) == DaneVerdict::temp);
}

TEST_CASE(
    "a status in use is renewed when a tenth of its time is left, also after a failure that has something before it") {
  CHECK(renewal_of(known(HostState::none, seconds(300))) == kNow + seconds(270));
  CHECK(renewal_of(known(HostState::none, seconds(5))) == kNow + seconds(54));
  const HopDane before = known(HostState::none, seconds(300));
  const HopDane failing = learned(&before, {}, {}, seconds(0), kNow + seconds(301));
  CHECK(renewal_of(failing) == kNow + seconds(355));
  CHECK_FALSE(renewal_of(learned(nullptr, {}, {}, seconds(0), kNow)));
}

TEST_CASE("a renewal that fails leaves what is still current") {
  const HopDane before = known(HostState::usable, seconds(300));
  CHECK(learned(&before, {}, {}, seconds(0), kNow + seconds(300)) == before);
  CHECK(learned(&before, {}, {}, seconds(0), kNow + seconds(301)).failing);
}

TEST_CASE("N-03 what was last known helps out for a day where the MX look-up fails") {
  const auto [state, verdict] = GENERATE(table<HostState, DaneVerdict>({{HostState::none, DaneVerdict::secure},
                                                                        {HostState::usable, DaneVerdict::dane_only},
                                                                        {HostState::unusable, DaneVerdict::secure},
                                                                        {HostState::failed, DaneVerdict::dane_only}}));
  const HopDane before = known(state);
  const LifeTime day = kNow + kDaneRemembered;
  CHECK(enforced(&before, day) == verdict);
  const HopDane failing = learned(&before, {}, DaneStatus{}, seconds(0), day);
  CHECK(failing.failing);
  CHECK(failing.status == before.status);
  CHECK(enforced(&failing, day) == verdict);
  CHECK(enforced(&failing, day + seconds(1)) == DaneVerdict::temp);
}

TEST_CASE("N-02 a host that fails counts as usable for a day after its records last were, however often it fails") {
  const HopDane usable = learned(nullptr, {}, beside(HostState::usable), seconds(300), kNow);
  HopDane failing = usable;
  for (int hour = 1; hour <= 24; ++hour) {
    const LifeTime now = kNow + seconds(3600 * hour);
    failing = learned(&failing, {}, beside(HostState::failed), seconds(300), now);
    CHECK(enforced(&failing, now) == DaneVerdict::dane_only);
    CHECK(failing.status.hosts[1].last_usable == kNow);
  }
  CHECK(enforced(&failing, kNow + kDaneRemembered + seconds(1)) == DaneVerdict::secure);
}

TEST_CASE("N-02 a host whose records are gone for certain, or that is new, fails without having been usable") {
  const HopDane usable = learned(nullptr, {}, beside(HostState::usable), seconds(300), kNow);
  const HopDane without =
      learned(&usable, {}, beside(GENERATE(HostState::none, HostState::unusable)), seconds(300), kNow + seconds(300));
  const HopDane failing = learned(&without, {}, beside(HostState::failed), seconds(300), kNow + seconds(600));
  CHECK(enforced(&failing, kNow + seconds(600)) == DaneVerdict::secure);
  DaneStatus renamed = beside(HostState::failed);
  renamed.hosts[1].name = "mx3.d.example";
  const HopDane fresh = learned(&usable, {}, renamed, seconds(300), kNow + seconds(300));
  CHECK(enforced(&fresh, kNow + seconds(300)) == DaneVerdict::secure);
}

TEST_CASE("a failed MX look-up is tried again after a minute, and one that succeeds ends it") {
  const HopDane before = known(HostState::usable);
  const HopDane failing = learned(&before, {}, DaneStatus{}, seconds(3'000), kNow + seconds(301));
  CHECK(assess_dane(&failing, kNow + seconds(361), kEnforced) == DaneNeed::nothing);
  CHECK(assess_dane(&failing, kNow + seconds(362), kEnforced) == DaneNeed::wait);
  CHECK(assess_dane(&failing, kNow + seconds(362), kFree) == DaneNeed::refresh);
  const HopDane after = learned(&failing, {}, signed_status(HostState::none), seconds(300), kNow + seconds(362));
  CHECK_FALSE(after.failing);
  CHECK(enforced(&after, kNow + seconds(362)) == DaneVerdict::secure);
}

TEST_CASE(
    "N-03 a failure with nothing before it is an answer for ten seconds only, then the next lookup is waited for") {
  const HopDane never = learned(nullptr, {}, DaneStatus{}, seconds(0), kNow);
  CHECK(assess_dane(&never, kNow + seconds(10), kEnforced) == DaneNeed::nothing);
  CHECK(assess_dane(&never, kNow + seconds(11), kEnforced) == DaneNeed::wait);
  CHECK(assess_dane(&never, kNow + seconds(11), kFree) == DaneNeed::wait);
}

TEST_CASE("nothing known counts as a failed look-up without anything before it") {
  CHECK(enforced(nullptr, kNow) == DaneVerdict::temp);
  CHECK(decide_hop(nullptr, kNow, nullptr, {}).verdict == DaneVerdict::notfound);
  const HopDane never = learned(nullptr, {}, DaneStatus{}, seconds(0), kNow);
  CHECK(enforced(&never, kNow) == DaneVerdict::temp);
}

TEST_CASE("next hops of one domain are kept apart, four at most") {
  std::shared_ptr<const HopDanes> hops;
  for (std::uint16_t port = 1; port <= 5; ++port)
    hops = with_hop(hops, learned(nullptr, {true, port}, signed_status(HostState::none), seconds(60), kNow));
  CHECK(hops->size() == kMaxHops);
  CHECK(find_hop(hops, {true, 1}) == nullptr);
  CHECK(find_hop(hops, {false, 5}) == nullptr);
  REQUIRE(find_hop(hops, {true, 5}) != nullptr);
  hops = with_hop(hops, learned(nullptr, {true, 3}, signed_status(HostState::usable), seconds(60), kNow));
  CHECK(hops->size() == kMaxHops);
  CHECK(find_hop(hops, {true, 3})->status == signed_status(HostState::usable));
  CHECK(find_hop(nullptr, {}) == nullptr);
}

TEST_CASE("next hops whose MX records were never seen push out nobody, nor does any the plain one") {
  const DaneStatus seen = signed_status(HostState::none);
  auto hops = with_hop(nullptr, learned(nullptr, {}, seen, seconds(60), kNow));
  const auto add = [&](std::uint16_t port, const DaneStatus& status) {
    hops = with_hop(hops, learned(nullptr, {false, port}, status, seconds(60), kNow));
  };
  for (std::uint16_t port = 1; port <= 5; ++port) add(port, DaneStatus{});
  CHECK(find_hop(hops, {}) != nullptr);
  for (std::uint16_t port = 11; port <= 13; ++port) add(port, seen);
  add(6, DaneStatus{});
  for (std::uint16_t port = 11; port <= 13; ++port) CHECK(find_hop(hops, {false, port}) != nullptr);
  for (std::uint16_t port = 21; port <= 30; ++port) add(port, seen);
  CHECK(find_hop(hops, {}) != nullptr);
  CHECK(find_hop(hops, {false, 30}) != nullptr);
  CHECK(hops->size() == kMaxHops);
}

TEST_CASE("a next hop reads as in a Postfix table") {
  CHECK(to_text(HopKey{}, "d.example") == "d.example");
  CHECK(to_text({false, 587}, "d.example") == "d.example:587");
  CHECK(to_text({true, 25}, "d.example") == "[d.example]");
  CHECK(to_text({true, 587}, "d.example") == "[d.example]:587");
}

TEST_CASE("the words of DANE are read back") {
  for (std::size_t i = 0; i < kHostFindings; ++i) {
    const auto finding = static_cast<HostFinding>(i);
    CHECK(parse_host_finding(name_of(finding)) == finding);
  }
  for (const MxState state : {MxState::signed_records, MxState::unsigned_records, MxState::failed, MxState::null_mx,
                              MxState::signed_denial, MxState::unsigned_denial})
    CHECK(parse_mx_state(name_of(state)) == state);
  CHECK_FALSE(parse_host_finding("usable"));
  CHECK_FALSE(parse_mx_state(""));
}
