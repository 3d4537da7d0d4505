#include "dns/link/dns_window.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {
namespace {

// Of the growth in places so much must show in answers: less is noise, or a resolver at its end.
constexpr double kFollows = 0.6;
constexpr double kAverageOf = 32;  // answers

}  // namespace

bool DnsWindow::admits(SteadyTime now) {
  age(now);
  if (young_ >= limit_) return full(now, first_to_leave());
  if (in_last_share() && now < last_share_from_) return full(now, std::min(last_share_from_, first_to_leave()));
  credit(now);
  next_ = now + milliseconds(1);
  return credit_ >= 1;
}

void DnsWindow::credit(SteadyTime now) {
  constexpr double kMostPerSecond = kBurst * 1000.0;
  const double needed = static_cast<double>(limit_) / std::clamp(latency_, Seconds(1e-4), Seconds(kYoung)).count();
  credit_ =
      std::min<double>(kBurst, credit_ + Seconds(now - credited_).count() * std::min(kPace * needed, kMostPerSecond));
  credited_ = now;
}

bool DnsWindow::full(SteadyTime now, SteadyTime next) {
  full_at_ = now;
  next_ = std::max(next, now + milliseconds(1));
  full_ = true;
  return false;
}

SteadyTime DnsWindow::first_to_leave() {
  while (sent_[static_cast<std::size_t>(oldest_) % kSteps] == 0) ++oldest_;
  return SteadyTime((oldest_ + static_cast<StepNumber>(kSteps)) * kStep);
}

void DnsWindow::sent(SteadyTime now) {
  age(now);
  if (in_last_share()) last_share_from_ = now + kInWindow / static_cast<int>(limit_ / kLastShare);
  --credit_;
  ++young_;
  ++sent_[static_cast<std::size_t>(step_of(now)) % kSteps];
}

// What has been unanswered for kYoung leaves the window. Steps without questions cost nothing to
// pass, so a long calm is one jump.
void DnsWindow::age(SteadyTime now) {
  if (now - std::max(full_at_, cut_) >= kCalm && (settled_ || goodput_ > 0 || limit_ != kFirst)) {
    settled_ = false, goodput_ = 0;
    set_limit(kFirst);
  }
  const StepNumber first = step_of(now) - static_cast<StepNumber>(kSteps) + 1;
  for (; oldest_ < first && young_ > 0; ++oldest_) {
    std::uint32_t& left = sent_[static_cast<std::size_t>(oldest_) % kSteps];
    young_ -= left;
    if (now >= measured_from_) freed_ += left, held_ += left * Seconds(kYoung);
    left = 0;
  }
  oldest_ = std::max(oldest_, first);
  if (freed_ >= limit_) end_round(now);
}

void DnsWindow::answered(SteadyTime at, SteadyTime now) {
  age(now);
  ++all_;
  if (now >= measured_from_) ++answers_, late_ += is_young(at) ? 0 : 1;
  latency_ += (Seconds(now - at) - latency_) / (latency_.count() == 0 ? 1 : kAverageOf);
  free_place(at, now);
}

void DnsWindow::dropped(SteadyTime at, SteadyTime now) {
  age(now);
  if (!is_young(at)) return;
  --young_;
  --sent_[static_cast<std::size_t>(step_of(at)) % kSteps];
}

void DnsWindow::free_place(SteadyTime at, SteadyTime now) {
  if (!is_young(at)) return;
  --young_;
  --sent_[static_cast<std::size_t>(step_of(at)) % kSteps];
  if (now < measured_from_) return;
  ++freed_;
  held_ += now - at;
  if (freed_ >= limit_) end_round(now);
}

void DnsWindow::refused(SteadyTime now) {
  ++all_, ++refused_;
  if (now - judged_ < kBetweenCuts) return;
  judged_ = now;
  const bool too_many = !has_few() && refused_ * kRefusedShare >= all_;
  all_ = refused_ = 0;
  if (!too_many) return;
  cut_ = now;
  goodput_ = 0;
  set_limit(std::max(kFloor, limit_ * 2 / 3));
}

// A round whose places were not all needed says nothing.
void DnsWindow::end_round(SteadyTime now) {
  const double held = std::max(held_.count(), 1e-6);
  const double goodput = static_cast<double>(answers_) / held * static_cast<double>(limit_);
  const bool full = full_, mostly_late = late_ * 2 > answers_;
  new_round();
  if (settled_ || !full || goodput <= 0) return;
  const double grown = static_cast<double>(limit_) / static_cast<double>(std::max<std::size_t>(before_, 1)) - 1;
  if (goodput_ > 0 && goodput < goodput_ * (1 + grown * kFollows)) {
    settled_ = true;
    return set_limit(before_);
  }
  goodput_ = goodput;
  before_ = limit_;
  set_limit(std::min(kMost, limit_ + limit_ / 4));
  settled_ = limit_ == kMost;
  measured_from_ = now + kInWindow * (mostly_late ? 2 : 1);
}

void DnsWindow::new_round() {
  freed_ = answers_ = late_ = 0, held_ = {};
  full_ = false;
}

void DnsWindow::set_limit(std::size_t limit) {
  limit_ = limit;
  new_round();
}

}  // namespace tlspolicyd
