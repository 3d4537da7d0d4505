#include "service/recent_dns.h"

#include <algorithm>

namespace tlspolicyd {

Ticket RecentDns::ask(const DnsQuestion& question, Done done) {
  const Key key(question.name, question.type);
  const auto asker = std::make_shared<Done>(std::move(done));
  drop_old();
  if (const auto kept = kept_.find(key); kept != kept_.end() && clock_.steady() < kept->second.until) {
    tell_later(kept->second, asker);
  } else {
    const auto [running, is_new] = running_.try_emplace(key);
    running->second.askers.push_back(asker);
    if (is_new) running->second.ticket = dns_.ask(question, [this, key](const DnsAnswer& answer) { on_answer(Key(key), answer); });
  }
  return Ticket([asker] { *asker = nullptr; });
}

void RecentDns::forget() {
  kept_.clear();
  by_age_.clear();
}

void RecentDns::on_answer(const Key& key, const DnsAnswer& answer) {
  const auto running = running_.extract(key);
  keep(key, answer);
  for (const Asker& asker : running.mapped().askers)
    if (const Done done = std::exchange(*asker, nullptr)) done(answer);
}

void RecentDns::keep(const Key& key, const DnsAnswer& answer) {
  if (answer.failed()) return;
  const SteadyTime now = clock_.steady();
  if (kept_.insert_or_assign(key, Kept{answer, now, now + std::min(kKept, answer.ttl)}).second) by_age_.push_back(key);
  drop_old();
}

void RecentDns::drop_old() {
  const SteadyTime now = clock_.steady();
  while (by_age_.size() > kMaxKept || (!by_age_.empty() && now >= kept_.at(by_age_.front()).until)) {
    kept_.erase(by_age_.front());
    by_age_.pop_front();
  }
}

void RecentDns::tell_later(const Kept& kept, const Asker& asker) {
  DnsAnswer answer = kept.answer;
  answer.ttl -= std::chrono::duration_cast<seconds>(clock_.steady() - kept.since);
  loop_.post([asker, answer = std::move(answer)] {
    if (const Done done = std::exchange(*asker, nullptr)) done(answer);
  });
}

}  // namespace tlspolicyd
