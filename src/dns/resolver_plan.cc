#include "dns/resolver_plan.h"

#include <algorithm>
#include <iterator>

#include "dns/resolver_trust.h"

namespace tlspolicyd {
namespace {

// Whatever resolv.conf asks for, beyond that nobody waits for an answer: Postfix has its reply after
// reply_timeout, and a person at a terminal gives up.
constexpr milliseconds kResolvConfMost{30'000};

void leave_trusted(ResolverPlan& plan) {
  std::vector<Resolver> trusted;
  std::copy_if(plan.resolvers.begin(), plan.resolvers.end(), std::back_inserter(trusted),
               [&](const Resolver& resolver) { return counts_ad(resolver, plan.trust_ad); });
  if (!trusted.empty()) plan.resolvers = std::move(trusted);
}

}  // namespace

ResolverPlan make_plan(const ResolverOptions& options, const ResolvConf& conf) {
  ResolverPlan plan{.resolvers = options.resolvers, .trust_ad = options.trust_ad};
  if (plan.resolvers.empty()) {
    plan.resolvers = conf.nameservers;
    plan.timeout = conf.timeout.value_or(plan.timeout);
    if (conf.attempts) plan.tries = *conf.attempts * static_cast<int>(plan.resolvers.size());
    plan.timeout = std::min(plan.timeout, kResolvConfMost / std::max<int>(1, static_cast<int>(plan.resolvers.size())));
    plan.tries = std::min(plan.tries, std::max(1, static_cast<int>(kResolvConfMost / plan.timeout)));
    plan.rotate = conf.rotate;
    plan.tcp = conf.use_vc;
  }
  if (options.only_trusted) leave_trusted(plan);
  plan.timeout = options.timeout.value_or(plan.timeout);
  plan.tries = std::max(options.attempts.value_or(plan.tries), 1);
  return plan;
}

}  // namespace tlspolicyd
