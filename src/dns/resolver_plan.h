// Which resolvers are asked, and how. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/resolver.h"
#include "dns/resolv_conf.h"
#include "dns/resolver_trials.h"

namespace tlspolicyd {

struct ResolverOptions {
  std::vector<Resolver> resolvers;       // empty: those of resolv_conf_path
  std::optional<milliseconds> timeout;   // per try; else resolv.conf's, else 2 s
  std::optional<int> attempts;           // tries over all resolvers; else resolv.conf's rounds, else 3 tries
  TrustAd trust_ad = TrustAd::loopback;  // whose AD bit DnsAnswer::authentic may rest on
  // For who must know whether an answer is signed: ask only resolvers whose AD counts, if there
  // is one, and of these only those that set_validates() was told of, if there is one. Else
  // whoever breaks its answer gets an unsigned one by way of the next.
  bool only_trusted = false;
  ResolverTrials::WhenNone when_none_validates = ResolverTrials::WhenNone::ask_none;  // with only_trusted
  std::string resolv_conf_path = "/etc/resolv.conf";
  // Beyond it DnsStatus::overloaded: more than all lookups together ask at once (20 000 discoveries, 6 000 of
  // DANE with eight hosts each), 1 kB each.
  std::size_t max_questions = 262'144;
};

struct ResolverPlan {
  std::vector<Resolver> resolvers;  // at least one, in the operator's order
  milliseconds timeout{2000};       // for each try
  int tries = 3;                    // over all resolvers
  bool rotate = false;              // begin with another resolver each time
  bool tcp = false;                 // never ask over UDP
  TrustAd trust_ad = TrustAd::loopback;

  friend bool operator==(const ResolverPlan&, const ResolverPlan&) = default;
};

// What the operator's settings and resolv.conf come to. Resolvers that are set by name do away
// with all of resolv.conf, whose attempts are rounds over its name servers, not tries. Pure.
[[nodiscard]] ResolverPlan make_plan(const ResolverOptions& options, const ResolvConf& conf);

}  // namespace tlspolicyd
