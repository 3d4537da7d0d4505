// Learns the DANE status of next hops, one look-up a next hop at a time however many want
// it, and keeps it with the domain's entry in the cache and the store. Answer loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "cache/policy_cache.h"
#include "discover/dane_lookup.h"
#include "dns/dns_at.h"
#include "dns/recent_dns.h"
#include "event/timer.h"
#include "store/store_shadow.h"

namespace tlspolicyd {

class DaneLearner {
 public:
  struct Parts {  // all outlive this object
    Dns& dns;
    Executor& loop;
    PolicyCache& cache;
    StoreShadow& shadow;
    Timers& timers;
    const Clock& clock;
    Logger& log;
    Metrics& metrics;
  };
  using Done = std::function<void(const HopDane&)>;  // what is known now; the cache has it, too, if it has room

  explicit DaneLearner(Parts parts);
  DaneLearner(const DaneLearner&) = delete;
  DaneLearner& operator=(const DaneLearner&) = delete;
  ~DaneLearner();

  // False: too many look-ups are under way to begin one more. A domain whose enforced policy
  // applies is the last to be turned away.
  [[nodiscard]] bool has_room_for(const Domain& domain, const HopKey& hop) const;
  // Calls back once the next hop has been looked up. has_room_for() must be true.
  // `on_mx`: as soon as the MX RRset is known, unless it was when this was called.
  [[nodiscard]] Ticket learn(const Domain& domain, const HopKey& hop, Done done, DaneLookup::OnMx on_mx = nullptr);
  // The same with nobody waiting; nothing happens if one is under way or there is no room.
  void learn_in_background(const Domain& domain, const HopKey& hop);

  // What is known, and current, is looked up again shortly before its end.
  void renew_in_time(const Domain& domain, const HopDane& known);

  // What is known by now, for those who cannot wait: what has not been answered yet counts as it was last
  // known, or as failed.
  [[nodiscard]] HopDane so_far(const Domain& domain, const HopKey& hop) const;

  // The state of the MX RRset, if it is known and current, or was looked up just now.
  [[nodiscard]] std::optional<MxState> mx_state(const Domain& domain, const HopKey& hop) const;

  // What is being learned about the domain is void: begun afresh for those who wait,
  // dropped where nobody does.
  void restart(const Domain& domain);
  void restart_all();

  [[nodiscard]] std::size_t under_way() const { return pending_.size(); }
  [[nodiscard]] std::size_t renewals_due() const { return renewals_.size(); }  // sooner or later

 private:
  struct Asker;
  struct Pending;
  using PendingPtr = std::unique_ptr<Pending>;
  struct Renewal {
    Domain domain;
    HopKey hop;
    LifeTime current_until;  // of what is to be renewed: what has been looked up since needs no renewal
  };
  // Next hops of one domain stand together.
  using Key = std::pair<std::string, std::uint32_t>;

  [[nodiscard]] static Key key_of(const Domain& domain, const HopKey& hop);
  Pending& enter(const Domain& domain, const HopKey& hop, DnsTurn turn);
  [[nodiscard]] bool protects(const Domain& domain) const;
  void look_up(Pending& pending);
  [[nodiscard]] const HopDane* known_of(const Domain& domain, const HopKey& hop) const;
  void on_mx(const Pending& pending, MxState state);
  void on_looked_up(Pending& pending, const DaneReport& report);
  [[nodiscard]] HopDane take_in(const Pending& pending, const DaneReport& report);
  void note(const Pending& pending, const HopDane* before, const HopDane& after, const DaneReport& report);
  void restart(Pending& pending);
  void renew_some();

  Parts parts_;
  RecentDns host_dns_;
  std::map<Key, PendingPtr> pending_;
  std::vector<std::unique_ptr<DaneLookup>> retired_;  // destroyed on a later turn
  std::unique_ptr<Timer> bury_;
  std::map<std::pair<LifeTime, Key>, Renewal> renewals_;  // by when
  std::unique_ptr<Timer> renewal_;
};

}  // namespace tlspolicyd
