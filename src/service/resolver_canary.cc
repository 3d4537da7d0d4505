#include "service/resolver_canary.h"

#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::chrono::hours kBetween{1};
constexpr std::chrono::minutes kUntilAnswered{1};  // a resolver that starts later than this daemon

}  // namespace

ResolverCanary::ResolverCanary(Parts parts, std::function<void()> on_answer)
    : parts_(parts), on_answer_(std::move(on_answer)), timer_(parts_.timers.make([this] { ask_again(); })) {}

void ResolverCanary::ask(const DnsQuestion& question) {
  question_ = question;
  ask_again();
}

void ResolverCanary::ask_again() {
  ticket_ = parts_.dns.ask(question_, [this](const DnsAnswer& answer) { on_answer(answer); });
  timer_->start(answered_ ? kBetween : kUntilAnswered);
}

// Serving goes on without a resolver, from the cache; but somebody should know.
void ResolverCanary::on_answer(const DnsAnswer& answer) {
  parts_.metrics.add("dane_canary", answer.failed() ? "failed" : answer.authentic ? "ad" : "no_ad");
  if (answer.failed()) {
    if (!answered_ && !std::exchange(warned_, true))
      parts_.log.warning(LogLine("resolver").with("reason", answer.detail)
                             .with("cure", "start it or set resolver; until then only cached policies are known"));
    return;
  }
  answered_ = true;
  timer_->start(kBetween);
  ad_ = ad_bit(answer);
  on_answer_();
}

}  // namespace tlspolicyd
