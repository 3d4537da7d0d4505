#include "postfix/entry_reply.h"

#include <algorithm>

#include "catch.h"
#include "fakes/patterns.h"

using namespace tlspolicyd;

namespace {

constexpr LifeTime kAskedAt{seconds(1'000'000)};
constexpr HostFinding kHosts[] = {HostFinding::tlsa_usable, HostFinding::tlsa_unusable, HostFinding::tlsa_absent,
                                  HostFinding::tlsa_failed};
constexpr MxState kMx[] = {MxState::signed_records, MxState::unsigned_records, MxState::failed,
                           MxState::null_mx,        MxState::signed_denial,    MxState::unsigned_denial};
constexpr BaseLevel kLevels[] = {BaseLevel::unknown,     BaseLevel::none,   BaseLevel::may,
                                 BaseLevel::encrypt,     BaseLevel::dane,   BaseLevel::dane_only,
                                 BaseLevel::fingerprint, BaseLevel::verify, BaseLevel::secure};

Entry entry_in(std::optional<Mode> mode) {
  Entry entry{.domain = *Domain::parse("d.example"), .current_until = kAskedAt};
  if (mode)
    entry.held = std::make_shared<const HeldPolicy>(HeldPolicy{
        {*mode, seconds(86'400), patterns({"mx1.d.example", "*.d.example"}), "version: STSv1"}, "a", kAskedAt});
  return entry;
}

// Every status of up to three hosts.
std::vector<DaneStatus> every_status() {
  std::vector<DaneStatus> out;
  for (const MxState mx : kMx) {
    std::vector<std::vector<DaneHost>> lists{{}};
    for (std::size_t from = 0; names_hosts(mx) && lists[from].size() < 3; ++from)
      for (const HostFinding finding : kHosts) {
        auto longer = lists[from];
        longer.push_back({"mx" + std::to_string(longer.size() + 1) + ".d.example", finding, {}});
        lists.push_back(std::move(longer));
      }
    for (auto& hosts : lists)
      if (hosts.empty() != names_hosts(mx)) out.push_back({mx, std::move(hosts)});
  }
  return out;
}

std::ptrdiff_t count(const DaneStatus& status, HostState state) {
  return std::count_if(status.hosts.begin(), status.hosts.end(),
                       [=](const DaneHost& host) { return host.state() == state; });
}

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

// What a host gets at least, from weakest on, by the reply and Postfix's own level.
enum class Strength { clear, encrypted, authenticated, no_mail };

Strength own_dane(HostState host) {
  switch (host) {
    case HostState::usable: return Strength::authenticated;
    case HostState::unusable: return Strength::encrypted;
    case HostState::none: return Strength::clear;
    case HostState::failed: return Strength::no_mail;
  }
  return Strength::clear;
}

// Postfix at level dane, as its source has it (TLS policy for one MX host).
Strength strength_of(std::string_view reply, const DaneHost& of) {
  const HostState host = of.state();
  if (begins(reply, "OK secure")) return host == HostState::failed ? Strength::no_mail : Strength::authenticated;
  if (begins(reply, "TEMP")) return Strength::no_mail;
  if (reply == "OK dane-only") return host == HostState::usable ? Strength::authenticated : Strength::no_mail;
  return own_dane(host);  // dane, or NOTFOUND
}

std::string reply_of(const Entry& entry, const HopDane* dane, LifeTime now, MapForm form, const ReplyRules& rules) {
  std::string payload;
  append_entry_reply(payload, entry, dane, now, form, rules);
  return payload;
}

}  // namespace

TEST_CASE(
    "N-01 N-02 N-14 N-15 whatever is known, a reply overrides no DANE and is weaker than nothing that was asked for") {
  const auto mode = GENERATE(as<std::optional<Mode>>(), std::nullopt, Mode::enforce, Mode::testing, Mode::none);
  const auto dane_reply = GENERATE(DaneVerdict::notfound, DaneVerdict::dane, DaneVerdict::dane_only);
  const bool enforced = mode == Mode::enforce;
  const Entry entry = entry_in(mode);
  for (const DaneStatus& status : every_status()) {
    const HopDane hop = learned(nullptr, {}, status, seconds(300), kAskedAt);
    ReplyRules rules{.level = BaseLevel::dane, .dane_active = true, .precedence = {.dane_reply = dane_reply}};
    const std::string reply = reply_of(entry, &hop, kAskedAt, MapForm::tlsrpt, rules);
    CAPTURE(name_of(status.mx), status.hosts.size(), reply);
    if (names_hosts(status.mx) && count(status, HostState::usable) > 0) CHECK_FALSE(begins(reply, "OK secure"));
    if (!enforced) CHECK_FALSE(begins(reply, "OK secure"));
    for (const DaneHost& host : status.hosts) {
      if (enforced && host.state() != HostState::failed) CHECK(strength_of(reply, host) >= Strength::authenticated);
      CHECK(strength_of(reply, host) >= std::min(own_dane(host.state()), Strength::authenticated));
      if (host.state() == HostState::failed && begins(reply, "OK secure")) CHECK(reply.find(host.name) == reply.npos);
    }
    const bool could_take = status.mx != MxState::failed;
    if (could_take) CHECK_FALSE(begins(reply, "TEMP"));
  }
}

TEST_CASE("N-03 where MX fails, whatever was known before, no DANE is overridden and no policy passed over") {
  const bool enforced = GENERATE(true, false);
  const auto error = GENERATE(DaneVerdict::notfound, DaneVerdict::temp);
  const Entry entry = entry_in(enforced ? std::optional(Mode::enforce) : std::nullopt);
  for (const DaneStatus& status : every_status()) {
    const HopDane before = learned(nullptr, {}, status, seconds(60), kAskedAt - seconds(61));
    const HopDane failing = learned(&before, {}, DaneStatus{}, seconds(0), kAskedAt);
    const ReplyRules rules{.level = BaseLevel::dane,
                           .dane_active = true,
                           .precedence = {.dane_reply = DaneVerdict::dane, .dns_error_reply = error}};
    const std::string reply = reply_of(entry, &failing, kAskedAt, MapForm::plain, rules);
    CAPTURE(name_of(status.mx), status.hosts.size(), enforced, reply);
    const bool never_seen = status.mx == MxState::failed;
    const bool all_failed =
        !status.hosts.empty() && count(status, HostState::failed) == std::ptrdiff_t(status.hosts.size());
    const bool dane_spoke = count(status, HostState::usable) > 0 || all_failed;
    if (!enforced) CHECK(begins(reply, error == DaneVerdict::temp ? "TEMP " : "NOTFOUND "));
    else if (never_seen) CHECK(begins(reply, "TEMP "));
    else CHECK(begins(reply, dane_spoke ? "OK dane-only" : "OK secure"));
  }
}

TEST_CASE(
    "N-15 at levels dane-only and fingerprint every reply is NOTFOUND; where DANE is not active MTA-STS alone decides") {
  const auto level = GENERATE(from_range(std::begin(kLevels), std::end(kLevels)));
  const auto mode = GENERATE(as<std::optional<Mode>>(), std::nullopt, Mode::enforce, Mode::testing, Mode::none);
  const Entry entry = entry_in(mode);
  for (const DaneStatus& status : every_status()) {
    const HopDane hop = learned(nullptr, {}, status, seconds(300), kAskedAt);
    const ReplyRules rules{.level = level, .dane_active = level == BaseLevel::dane_only};
    const std::string reply = reply_of(entry, &hop, kAskedAt, MapForm::plain, rules);
    CAPTURE(name_of(level), name_of(status.mx), reply);
    const bool replaced = level != BaseLevel::dane_only && level != BaseLevel::fingerprint;
    if (replaced && mode == Mode::enforce) CHECK(begins(reply, "OK secure"));
    else CHECK(reply == kNotFound);
  }
}

TEST_CASE("a next hop is looked up only where it can change the answer") {
  const Entry enforced = entry_in(Mode::enforce), testing = entry_in(Mode::testing), absent = entry_in(std::nullopt);
  ReplyRules rules{.dane_active = true};
  CHECK(dane_need(&enforced, nullptr, kAskedAt, rules) == DaneNeed::wait);
  CHECK(dane_need(&testing, nullptr, kAskedAt, rules) == DaneNeed::nothing);
  CHECK(dane_need(&absent, nullptr, kAskedAt, rules) == DaneNeed::nothing);
  CHECK(dane_need(nullptr, nullptr, kAskedAt, rules) == DaneNeed::nothing);
  rules.precedence.dane_reply = DaneVerdict::dane;
  CHECK(dane_need(&testing, nullptr, kAskedAt, rules) == DaneNeed::wait);
  CHECK(dane_need(nullptr, nullptr, kAskedAt, rules) == DaneNeed::wait);
  rules.dane_active = false;
  CHECK(dane_need(&enforced, nullptr, kAskedAt, rules) == DaneNeed::nothing);
}
