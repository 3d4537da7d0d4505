// Answers that were had a moment ago serve for the same question, and those that put one at
// the same time wait for one answer: thousands of domains name the same few mail hosts, and a
// stranger's twenty hosts may be aliases of one name. Answer loop only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "event/executor.h"
#include "dns/dns.h"
#include "event/askers.h"

namespace tlspolicyd {

class RecentDns final : public Dns {
 public:
  // How long an answer serves if its TTL allows: enough for a queue run, too short for
  // anybody to wait for. Whatever it is, failures too, it serves those who ask in the same
  // second.
  static constexpr seconds kKept{10}, kKeptAnyway{1};
  // A question that is older waits for a name server that is slow or gone, maybe behind
  // others: newer ones are put by themselves.
  static constexpr seconds kJoined{2};
  // Of at most 64 kB each, and most of 100 octets.
  static constexpr std::size_t kMaxKept = 256;

  RecentDns(Dns& dns, Executor& loop, const Clock& clock)
      : dns_(dns), loop_(loop), clock_(clock) {}  // all outlive this object
  RecentDns(const RecentDns&) = delete;
  RecentDns& operator=(const RecentDns&) = delete;

  // Goes on when nobody waits for it any more: the next one may want it.
  using Dns::ask;
  [[nodiscard]] Ticket ask(const DnsQuestion& question, DnsTurn turn, Done done) override;

  // Answers to what was asked before now serve nobody who asks later.
  void forget();

 private:
  using Generation = std::uint64_t;  // counts forget()
  using Key = std::tuple<Generation, std::string, RrType>;
  using Asker = std::shared_ptr<Done>;    // of an empty function: cancelled
  using Place = std::pair<Key, DnsTurn>;  // who may go first does not wait behind who may not
  struct Running {
    SteadyTime since;
    Ticket ticket;
    Askers<Done> askers;
  };
  struct Kept {
    std::shared_ptr<const DnsAnswer> answer;
    SteadyTime since, until;
  };

  void on_answer(const Place& place, const DnsAnswer& answer);
  void keep(const Key& key, std::shared_ptr<const DnsAnswer> answer);
  void drop_old();
  void tell_later(const Kept& kept, const Asker& asker);

  Dns& dns_;
  Executor& loop_;
  const Clock& clock_;
  Generation generation_ = 0;
  std::map<Place, Running> running_;
  std::map<Key, Kept> kept_;
  std::deque<Key> by_age_;  // of kept_, each once, the first kept first
};

}  // namespace tlspolicyd
