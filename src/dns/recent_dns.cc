#include "dns/recent_dns.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {
namespace {

// Each of them may read all the keys in the answer: see kReadMax in tls/tlsa.h.
constexpr std::size_t kToldATurn = 1;

}  // namespace

Ticket RecentDns::ask(const DnsQuestion& question, DnsTurn turn, Done done) {
  drop_old();
  const SteadyTime now = clock_.steady();
  const Key key(generation_, question.name, question.type);
  const auto asker = std::make_shared<Done>(std::move(done));
  if (const auto kept = kept_.find(key); kept != kept_.end() && now < kept->second.until) {
    tell_later(kept->second, asker);
  } else {
    const auto [running, is_new] = running_.try_emplace({key, turn});
    if (!is_new && now - running->second.since >= kJoined) return dns_.ask(question, turn, std::move(*asker));
    running->second.askers.add(asker);
    if (is_new) {
      running->second.since = now;
      running->second.ticket = dns_.ask(
          question, turn, [this, place = running->first](const DnsAnswer& answer) { on_answer(Place(place), answer); });
    }
  }
  return Ticket([asker] { *asker = nullptr; });
}

void RecentDns::forget() {
  ++generation_;
  kept_.clear();
  by_age_.clear();
}

void RecentDns::on_answer(const Place& place, const DnsAnswer& answer) {
  auto running = running_.extract(place);
  const Key& key = place.first;
  const auto shared = std::make_shared<const DnsAnswer>(answer);
  if (std::get<Generation>(key) == generation_) keep(key, shared);
  std::move(running.mapped().askers).each_in_turns(loop_, kToldATurn, [shared](Done& asker) {
    if (const Done done = std::exchange(asker, nullptr)) done(*shared);
  });
}

void RecentDns::keep(const Key& key, std::shared_ptr<const DnsAnswer> answer) {
  const SteadyTime now = clock_.steady();
  Kept kept{answer, now, now + std::max(kKeptAnyway, std::min(kKept, answer->ttl))};
  if (kept_.insert_or_assign(key, std::move(kept)).second) by_age_.push_back(key);
  drop_old();
}

// One whose time is up may stand behind one that was renewed, until its turn comes.
void RecentDns::drop_old() {
  const SteadyTime now = clock_.steady();
  while (by_age_.size() > kMaxKept || (!by_age_.empty() && now >= kept_.at(by_age_.front()).until)) {
    kept_.erase(by_age_.front());
    by_age_.pop_front();
  }
}

// Copied when its turn comes: thousands may be told in one turn, and an answer may have 60 kB.
void RecentDns::tell_later(const Kept& kept, const Asker& asker) {
  const auto age = std::chrono::duration_cast<seconds>(clock_.steady() - kept.since);
  loop_.post([asker, age, kept = kept.answer] {
    const Done done = std::exchange(*asker, nullptr);
    if (!done) return;
    DnsAnswer answer = *kept;
    answer.ttl = std::max(answer.ttl - age, seconds(0));
    done(answer);
  });
}

}  // namespace tlspolicyd
