// Clocks and timers that move only when a test says so.
#pragma once

#include <map>
#include <memory>

#include "base/clock.h"
#include "event/timer.h"

namespace tlspolicyd {

class FakeTime final : public Clock, public Timers {
 public:
  [[nodiscard]] SteadyTime steady() const override { return SteadyTime(now_); }
  [[nodiscard]] LifeTime life() const override { return LifeTime(std::chrono::duration_cast<seconds>(now_)); }
  [[nodiscard]] WallTime wall() const override {
    return WallTime(std::chrono::duration_cast<seconds>(now_) + wall_offset_);
  }
  [[nodiscard]] std::unique_ptr<Timer> make(std::function<void()> on_fire) override;

  // Fires everything that falls due on the way, in order.
  void advance(milliseconds by);
  // Somebody sets the wall clock; nothing else moves.
  void step_wall(seconds by) { wall_offset_ += by; }
  [[nodiscard]] std::size_t pending_timers() const { return pending_.size(); }

 private:
  class FakeTimer;
  milliseconds now_{1'000'000'000};
  seconds wall_offset_{1'800'000'000};
  std::multimap<milliseconds, FakeTimer*> pending_;
};

class FakeTime::FakeTimer final : public Timer {
 public:
  FakeTimer(FakeTime& time, std::function<void()> on_fire) : time_(time), on_fire_(std::move(on_fire)) {}
  ~FakeTimer() override { cancel(); }
  void start(milliseconds in) override {
    cancel();
    place_ = time_.pending_.emplace(time_.now_ + std::max(in, milliseconds(0)), this);
    waiting_ = true;
  }
  void cancel() noexcept override {
    if (waiting_) time_.pending_.erase(place_);
    waiting_ = false;
  }
  void fire() {
    cancel();
    on_fire_();
  }

 private:
  FakeTime& time_;
  std::function<void()> on_fire_;
  std::multimap<milliseconds, FakeTimer*>::iterator place_;
  bool waiting_ = false;
};

inline std::unique_ptr<Timer> FakeTime::make(std::function<void()> on_fire) {
  return std::make_unique<FakeTimer>(*this, std::move(on_fire));
}

inline void FakeTime::advance(milliseconds by) {
  const milliseconds end = now_ + by;
  while (!pending_.empty() && pending_.begin()->first <= end) {
    now_ = std::max(now_, pending_.begin()->first);
    pending_.begin()->second->fire();
  }
  now_ = end;
}

}  // namespace tlspolicyd
