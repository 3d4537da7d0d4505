#include "learn/resolver_canary.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::chrono::hours kBetween{1};
constexpr std::chrono::minutes kUntilWell{1};  // no answer yet, or none with AD
constexpr milliseconds kConfirm{500};

std::string text_of(const DnsQuestion& question) {
  return (question.name.empty() ? "." : question.name) + " " + std::string(name_of(question.type));
}

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
  std::erase_if(trials_, [&](const auto& trial) {
    return std::find(resolvers.begin(), resolvers.end(), trial.first) == resolvers.end();
  });
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
  trial.timer->start(trial.ad == AdBit::trusted && !trial.doubted ? milliseconds(kBetween) : milliseconds(kUntilWell));
}

void ResolverCanary::on_answer(const Resolver& resolver, const DnsAnswer& answer) {
  parts_.metrics.add("dane_canary", answer.failed() ? "failed" : answer.authentic ? "ad" : "no_ad");
  Trial& trial = trials_.at(resolver);
  if (answer.failed()) return on_failure(trial, answer);
  answered_ = true;
  if (!answer.authentic && trial.ad.value_or(AdBit::trusted) == AdBit::trusted && !std::exchange(trial.doubted, true))
    return trial.timer->start(kConfirm);
  trial.doubted = false;
  judge(resolver, trial, ad_bit(answer));
}

// Serving goes on without a resolver, from the cache; but somebody should know.
void ResolverCanary::on_failure(Trial& trial, const DnsAnswer& answer) {
  if (!std::exchange(trial.silent, true) && !trial.ad) on_verdict_();
  if (answered_ || std::exchange(warned_, true)) return;
  parts_.log.warning(LogLine("resolver")
                         .with("reason", answer.detail)
                         .with("cure", "start it or set resolver; until then only cached policies are known"));
}

void ResolverCanary::judge(const Resolver& resolver, Trial& trial, AdBit ad) {
  const bool is_new = trial.ad != ad, validates = ad == AdBit::trusted;
  trial.ad = ad;
  trial.timer->start(validates ? milliseconds(kBetween) : milliseconds(kUntilWell));
  parts_.dns.set_validates(resolver, validates);
  if (is_new && !validates && trials_.size() > 1)
    parts_.log.warning(LogLine("resolver")
                           .with("resolver", to_text(resolver))
                           .with("reason", ad == AdBit::not_trusted ? "its AD is not trusted here, by resolver_trust_ad"
                                                                    : "no AD in its answer to " + text_of(*question_) +
                                                                          ": it does not validate DNSSEC")
                           .with("effect", "it gets no DANE lookups while another resolver answers with AD")
                           .with("cure", "let it validate DNSSEC, or remove it from the resolvers"));
  on_verdict_();
}

// A resolver that is down says nothing beside others that answer.
AdBit ResolverCanary::ad() const {
  std::optional<AdBit> best;
  for (const auto& [resolver, trial] : trials_) {
    if (!trial.ad && trial.silent) continue;
    const AdBit ad = trial.ad.value_or(AdBit::trusted);
    best = std::min(best.value_or(ad), ad);
  }
  return best.value_or(AdBit::trusted);
}

}  // namespace tlspolicyd
