// Admission to the policy hosts: how many fetches run at once and who goes first.
//
// First contacts, for which mail waits, go before refreshes. Their networks take turns, and
// in each the newest goes first: whoever asks for it still waits, while those that many have
// overtaken were answered by reply_timeout.
// Refreshes use at most a tenth of the room, and one may always run. The last tenth of the
// room is for first contacts alone, and let out so slowly that it lasts until the first
// fetch of a sudden crowd may have to give way.
//
// When something waits for room, a fetch gives way that has made no progress for too long (see
// FetchProgress): the one with the longest silence. It begins again later, within its own time
// and after the others, and the later if it had its two seconds. How long is too long:
//
//                           before the TLS handshake ends   after it   an answer that drips
//   mail waits (5 s)        2 s, less the more wait         2 s        2 s
//   a first contact waits   2 s, less the more wait         10 s       2 s
//   others wait             10 s                            10 s       2 s
//
// So hosts that are silent or drip, however many, neither keep newcomers waiting nor let live
// policies run out, and a slow host is not begun again for as long as it goes on. Two bounds keep
// hosts that go on slowly from holding all the room against mail that waits: 10 s, and 2 s where
// nothing of the waiting host's network runs and two or more of the slow one's. Answer loop only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "event/timer.h"
#include "fetch/https.h"
#include "fetch/fair_line.h"

namespace tlspolicyd {

class FetchQueue {
 public:
  // `concurrency`: fetches at once, at least 1. All references outlive this object.
  FetchQueue(Https& https, Timers& timers, const Clock& clock, std::size_t concurrency);
  FetchQueue(const FetchQueue&) = delete;
  FetchQueue& operator=(const FetchQueue&) = delete;
  ~FetchQueue();

  [[nodiscard]] Https& first_contacts() { return first_contacts_; }
  [[nodiscard]] Https& refreshes() { return refreshes_; }

  void set_concurrency(std::size_t concurrency);  // fetches beyond it end undisturbed
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t waiting() const;
  // How many refreshes may be under way together.
  [[nodiscard]] std::size_t refresh_room() const;

 private:
  // In order of admission. displaced: gave way before it had been tried fairly; tried: after that.
  enum class Class : std::uint8_t { first_contact, refresh, displaced, tried };
  static constexpr std::size_t kClasses = 4;
  enum class Urgency : std::uint8_t { mail_waits, first_contact, background };

  struct Fetch;
  using FetchPtr = std::shared_ptr<Fetch>;
  using Fetches = std::list<FetchPtr>;

  class Entrance final : public Https {
   public:
    Entrance(FetchQueue& queue, Class kind) : queue_(queue), kind_(kind) {}
    [[nodiscard]] Ticket fetch(FetchRequest request, Done done) override;

   private:
    FetchQueue& queue_;
    Class kind_;
  };

  [[nodiscard]] Ticket enter(Class kind, FetchRequest request, Https::Done done);
  void leave(const FetchPtr& fetch);
  void admit();
  void join_line(const FetchPtr& fetch);
  void leave_line(const Fetch& fetch);
  [[nodiscard]] FetchPtr next_first_contact() const;  // null: none waits
  [[nodiscard]] FetchPtr next_in_line() const;        // null: neither refresh nor first contact may begin
  [[nodiscard]] FetchPtr next_admissible();
  [[nodiscard]] SteadyTime::duration last_tenth_pause() const;
  [[nodiscard]] FetchPtr next_of_the_last_tenth();
  void begin(const FetchPtr& fetch);
  void on_fetched(const FetchPtr& fetch, const FetchOutcome& outcome);
  [[nodiscard]] Urgency urgency_of(const Fetch& waiting) const;
  [[nodiscard]] milliseconds patience() const;
  [[nodiscard]] milliseconds patience_with(const Fetch& running, Urgency urgency) const;
  [[nodiscard]] bool holds_too_much(const Fetch& running, const Fetch& waiting) const;
  [[nodiscard]] FetchPtr who_gives_way(const Fetch& waiting) const;  // null: nobody yet
  [[nodiscard]] FetchPtr next_displaced() const;                     // null: none that gave way waits
  [[nodiscard]] FetchPtr next_waiting() const;                       // null: nothing waits
  [[nodiscard]] bool displace_for_next();  // false: nothing waits, or nobody gives way to it yet
  [[nodiscard]] bool expire_some();        // false: more have run out than one turn takes
  void sweep();
  void await_sweep(milliseconds in);
  [[nodiscard]] Fetches& waiting_of(Class kind) { return waiting_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const Fetches& waiting_of(Class kind) const { return waiting_[static_cast<std::size_t>(kind)]; }

  Https& https_;
  const Clock& clock_;
  std::size_t concurrency_;
  Fetches running_;
  Fetches waiting_[kClasses];
  FairLine line_;  // of the first contacts that wait, and of the networks of all that run
  std::unordered_map<FairLine::Number, std::weak_ptr<Fetch>> in_line_;
  FairLine::Number last_number_ = 0;
  std::size_t refreshes_running_ = 0;
  Entrance first_contacts_{*this, Class::first_contact};
  Entrance refreshes_{*this, Class::refresh};
  SteadyTime last_tenth_from_{};  // when the next of it may begin
  SteadyTime next_cut_{};         // when the next that has shown its certificate may give way to mail that waits
  std::unique_ptr<Timer> last_tenth_timer_;
  std::unique_ptr<Timer> sweep_timer_;
  bool sweep_awaited_ = false;  // not put off by whatever comes and goes meanwhile
};

}  // namespace tlspolicyd
