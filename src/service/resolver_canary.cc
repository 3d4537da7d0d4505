#include "service/resolver_canary.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::chrono::hours kBetween{1};
constexpr std::chrono::minutes kUntilWell{1};  // no answer yet, or none with AD
constexpr milliseconds kConfirm{500};

}  // namespace

ResolverCanary::ResolverCanary(Parts parts, std::function<void()> on_verdict)
    : parts_(parts), on_verdict_(std::move(on_verdict)) {
  parts_.dns.on_new_resolver([this] { ask_new(); });
}

ResolverCanary::~ResolverCanary() { parts_.dns.on_new_resolver(nullptr); }

void ResolverCanary::ask(const DnsQuestion& question) {
  question_ = question;
  for (auto& [resolver, trial] : trials_) {
    trial.doubted = false;
    ask_again(resolver);
  }
  ask_new();
}

// Also forgets those that are gone.
void ResolverCanary::ask_new() {
  if (!question_) return;
  const std::vector<Resolver> resolvers = parts_.dns.resolvers();
  std::erase_if(trials_, [&](const auto& trial) { return std::find(resolvers.begin(), resolvers.end(), trial.first) == resolvers.end(); });
  for (const Resolver& resolver : resolvers) {
    const auto [place, is_new] = trials_.try_emplace(resolver);
    if (!is_new) continue;
    place->second.timer = parts_.timers.make([this, resolver] { ask_again(resolver); });
    ask_again(resolver);
  }
}

void ResolverCanary::ask_again(const Resolver& resolver) {
  Trial& trial = trials_.at(resolver);
  trial.ticket = parts_.dns.ask_one(resolver, *question_, [this, resolver](const DnsAnswer& answer) {
    on_answer(Resolver(resolver), answer);  // a copy: the ticket, which owns this, may go meanwhile
  });
  trial.timer->start(trial.validates == true ? milliseconds(kBetween) : milliseconds(kUntilWell));
}

void ResolverCanary::on_answer(const Resolver& resolver, const DnsAnswer& answer) {
  parts_.metrics.add("dane_canary", answer.failed() ? "failed" : answer.authentic ? "ad" : "no_ad");
  if (answer.failed()) return on_failure(answer);
  answered_ = true;
  Trial& trial = trials_.at(resolver);
  if (!answer.authentic && trial.validates != false && !std::exchange(trial.doubted, true))
    return trial.timer->start(kConfirm);
  trial.doubted = false;
  judge(resolver, trial, answer.authentic);
}

// Serving goes on without a resolver, from the cache; but somebody should know.
void ResolverCanary::on_failure(const DnsAnswer& answer) {
  if (answered_ || std::exchange(warned_, true)) return;
  parts_.log.warning(LogLine("resolver").with("reason", answer.detail)
                         .with("cure", "start it or set resolver; until then only cached policies are known"));
}

void ResolverCanary::judge(const Resolver& resolver, Trial& trial, bool validates) {
  const bool is_new = trial.validates != validates;
  trial.validates = validates;
  trial.timer->start(validates ? milliseconds(kBetween) : milliseconds(kUntilWell));
  parts_.dns.set_validates(resolver, validates);
  if (is_new && !validates && trials_.size() > 1)
    parts_.log.warning(LogLine("resolver").with("resolver", to_text(resolver))
                           .with("reason", "no AD that counts in its answer to " + question_->name + " " + std::string(name_of(question_->type)))
                           .with("effect", "it is not asked about DANE as long as another one answers with AD")
                           .with("cure", "let it validate DNSSEC, or take it out of the list of resolvers"));
  on_verdict_();
}

bool ResolverCanary::validates() const {
  return trials_.empty() || std::any_of(trials_.begin(), trials_.end(), [](const auto& trial) { return trial.second.validates != false; });
}

}  // namespace tlspolicyd
