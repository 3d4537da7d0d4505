// Deadlines of thousands of questions on one timer. Answer loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "event/timer.h"

namespace tlspolicyd {

class DnsDeadlines {
 public:
  // Destruction cancels. Must not be destroyed from inside its own callback.
  class Deadline {
   public:
    // `deadlines` outlives this object.
    Deadline(DnsDeadlines& deadlines, std::function<void()> on_reached)
        : deadlines_(deadlines), on_reached_(std::move(on_reached)) {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline() { cancel(); }

    void start(SteadyTime at);  // replaces a pending start
    void cancel() noexcept;

   private:
    friend class DnsDeadlines;
    DnsDeadlines& deadlines_;
    std::function<void()> on_reached_;
    std::optional<std::multimap<SteadyTime, Deadline*>::iterator> place_;
  };

  DnsDeadlines(Timers& timers, const Clock& clock) : clock_(clock), timer_(timers.make([this] { look(); })) {}
  DnsDeadlines(const DnsDeadlines&) = delete;
  DnsDeadlines& operator=(const DnsDeadlines&) = delete;

 private:
  void look();
  void arm();

  const Clock& clock_;
  std::multimap<SteadyTime, Deadline*> pending_;
  std::optional<SteadyTime> armed_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace tlspolicyd
