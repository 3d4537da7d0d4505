// How many questions one resolver gets at once: congestion control for a stub, as a function of
// values. Pure.
//
// A resolver drops or refuses what exceeds its own limits (unbound: 256 datagrams in its buffer,
// 1024 recursions a thread; dnsmasq: 150), and a client that sends a crowd all at once only makes
// it lose answers. So at most limit() unanswered questions are younger than kYoung, and kBurst
// new datagrams leave in a millisecond. Where answers take longer the rate is kPace times what the
// window needs for its answers: else what was sent together is answered together and sent together
// again, and a resolver that is busy with 600 answers loses questions (measured with unbound: a
// twentieth of a crowd). An older question leaves the window and keeps waiting: name servers that
// never answer then cost a place for a second and no more. The last eighth of the places is let out
// one by one over that second, so that a crowd that came together leaves one free for newcomers.
//
// The limit grows by a quarter after a round of places that were all needed, as long as the
// goodput grows with it: answers for each second that a place was held, times the places. A round
// is measured when all questions of the limit before have left the window, since lost ones leave it
// last. If goodput did not follow, the last step is taken back until the crowd is over. REFUSED means
// that the resolver has too much, if at least a tenth of its answers are REFUSED while it has more than
// a few questions: the limit falls by a third. Single names that are refused, and silence, never
// shrink the limit, since the owner of a name decides about those. After kCalm all begins anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace tlspolicyd {

class DnsWindow {
 public:
  static constexpr std::size_t kFirst = 512;  // below what each resolver's buffers hold
  static constexpr std::size_t kFloor = 64, kMost = 2048;
  static constexpr milliseconds kYoung{1000};
  static constexpr std::size_t kBurst = 64;
  static constexpr double kPace = 1.25;
  static constexpr std::size_t kLastShare = 8;      // the last eighth
  static constexpr milliseconds kBetweenCuts{100};  // one burst of REFUSED is one sign
  static constexpr std::size_t kRefusedShare = 10;  // a tenth
  static constexpr seconds kCalm{10};               // without a full window, the crowd is over

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t young() const { return young_; }

  // Whether one more may be sent now. False is also the sign that the window is full.
  [[nodiscard]] bool admits(SteadyTime now);
  // When it is worth to look again after admits() was false, if no answer comes before.
  [[nodiscard]] SteadyTime next() const { return next_; }

  void sent(SteadyTime now);
  // `at`: as given to sent(). Answered, whatever the answer is, unless REFUSED.
  void answered(SteadyTime at, SteadyTime now);
  // Nobody waits any more, or it was refused.
  void dropped(SteadyTime at, SteadyTime now);
  // After dropped(): REFUSED came.
  void refused(SteadyTime now);
  // So few that the resolver cannot mean it by REFUSED.
  [[nodiscard]] bool has_few() const { return young_ < kFloor / 2; }

 private:
  // Questions are counted by the moment of sending, in steps of kStep.
  static constexpr milliseconds kStep{8};
  static constexpr std::size_t kSteps = static_cast<std::size_t>(kYoung / kStep) + 1;
  // How long an unanswered question is in the window at most.
  static constexpr std::chrono::microseconds kInWindow = kSteps * kStep;
  using StepNumber = std::int64_t;

  [[nodiscard]] static StepNumber step_of(SteadyTime at) { return at.time_since_epoch() / kStep; }
  [[nodiscard]] bool in_last_share() const { return young_ >= limit_ - limit_ / kLastShare; }
  [[nodiscard]] SteadyTime first_to_leave();
  [[nodiscard]] bool full(SteadyTime now, SteadyTime next);
  void credit(SteadyTime now);
  [[nodiscard]] bool is_young(SteadyTime at) const { return step_of(at) >= oldest_; }
  void age(SteadyTime now);
  void free_place(SteadyTime at, SteadyTime now);
  void end_round(SteadyTime now);
  void new_round();
  void set_limit(std::size_t limit);

  std::size_t limit_ = kFirst;
  std::size_t young_ = 0;
  std::array<std::uint32_t, kSteps> sent_{};  // young ones, by step number modulo kSteps
  StepNumber oldest_ = 0;                     // the first step that is still young
  using Seconds = std::chrono::duration<double>;
  Seconds latency_{0};      // of answers, on average
  double credit_ = kBurst;  // so many may leave now
  SteadyTime credited_{};
  SteadyTime last_share_from_{};  // when the next of it may be sent
  SteadyTime next_{};
  SteadyTime judged_{}, cut_{}, full_at_{};  // last
  std::size_t all_ = 0, refused_ = 0;        // answers since the first of these
  bool full_ = false;                        // in this round
  // This round: places that became free, for how long they were held, and answers, late ones too.
  std::size_t freed_ = 0, answers_ = 0, late_ = 0;
  Seconds held_{0};
  double goodput_ = 0;          // of the last round that was followed by growth; 0: none
  std::size_t before_ = 0;      // the limit then
  bool settled_ = false;        // more did not bring more
  SteadyTime measured_from_{};  // before, rounds are still of the limit before
};

}  // namespace tlspolicyd
