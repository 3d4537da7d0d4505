// Admission to the policy hosts: how many fetches run at once and who goes first.
//
// First contacts, for which mail waits, go before refreshes; refreshes use at most a
// tenth of the room. When all room is taken and a first contact waits, the fetch that
// has been silent longest gives way and is begun again later, within its own time, and
// after refreshes: silent hosts, however many, must not let live policies run out.
// Answer loop only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "base/clock.h"
#include "event/timer.h"
#include "net/https.h"

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
  enum class Class : std::uint8_t { first_contact, refresh, displaced };  // in order of admission
  static constexpr std::size_t kClasses = 3;

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
  [[nodiscard]] FetchPtr next_admissible();
  void begin(const FetchPtr& fetch);
  void on_fetched(const FetchPtr& fetch, const FetchOutcome& outcome);
  [[nodiscard]] bool displace_a_silent_one();  // false: none that would make room has been silent long enough
  void expire_waiting();
  void sweep();

  Https& https_;
  const Clock& clock_;
  std::size_t concurrency_;
  Fetches running_;
  Fetches waiting_[kClasses];
  std::size_t refreshes_running_ = 0;
  Entrance first_contacts_{*this, Class::first_contact};
  Entrance refreshes_{*this, Class::refresh};
  std::unique_ptr<Timer> sweep_timer_;
  bool sweep_awaited_ = false;  // not put off by whatever comes and goes meanwhile
};

}  // namespace tlspolicyd
