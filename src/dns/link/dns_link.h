// All that goes to one resolver and comes from it, whichever client asks: the window, the turns,
// the retries, the sockets. Answer loop only.
//
//   submit ─ waits for its turn ─ the window admits ─ on_turn? ─┬─ UDP, a socket by lot ─┬─► on_outcome
//                                                               └─ TCP, pipelined ───────┘
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/resolver.h"
#include "event/loop.h"
#include "dns/link/dns_connections.h"
#include "dns/link/dns_retries.h"
#include "dns/link/dns_sockets.h"
#include "dns/link/dns_try.h"
#include "dns/link/dns_turns.h"
#include "dns/link/dns_window.h"
#include "dns/link/resolver_health.h"

namespace tlspolicyd {

class DnsLink {
 public:
  struct Parts {  // all outlive this object
    Loop& loop;
    Timers& timers;
    const Clock& clock;
    Metrics& metrics;
    // Questions that are sent and unanswered, of all resolvers, those that left their window included;
    // beyond the most, questions wait.
    std::size_t& unanswered;
    std::size_t unanswered_most;
  };

  DnsLink(Parts parts, const Resolver& resolver, std::size_t max_sockets);
  DnsLink(const DnsLink&) = delete;
  DnsLink& operator=(const DnsLink&) = delete;
  ~DnsLink();

  // Nothing is called back from within. `again`: the resolver has been asked this already, and the
  // try waits until there is a retry for it.
  void submit(DnsTry& each, DnsTurn turn, bool again = false);
  void asked_first() { retries_.asked_first(); }
  [[nodiscard]] ResolverHealth& health() { return health_; }
  [[nodiscard]] const DnsWindow& window() const { return window_; }

 private:
  friend class DnsTry;
  void cancel(DnsTry& each) noexcept;
  void line_up(DnsTry& each);
  void turn();
  [[nodiscard]] DnsTry* take(SteadyTime now);
  void send(DnsTry& each);
  void on_shortage(DnsTry& each);
  void finish(DnsTry& each, const DnsOutcome& outcome);
  enum class End : std::uint8_t { answered, refused, dropped };
  void uncount(DnsTry& each, End end) noexcept;
  [[nodiscard]] static End end_of(const DnsOutcome& outcome);
  void sweep();
  void schedule();
  void look_again(SteadyTime at);

  Parts parts_;
  DnsWindow window_;
  DnsRetries retries_;
  ResolverHealth health_;
  DnsTurns<DnsTry*> turns_;
  std::list<DnsTry*> again_;  // first come, first served
  unsigned taken_ = 0;
  SteadyTime paused_until_{};  // descriptors or ports ran out
  DnsSockets sockets_;
  DnsConnections connections_;
  bool scheduled_ = false;
  bool sweeping_ = false;
  std::unique_ptr<Timer> turn_timer_, sweep_timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // outlived by posted turns
};

}  // namespace tlspolicyd
