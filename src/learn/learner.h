// Learns about domains, one discovery per domain at a time however many want it, and
// puts what was learned into the cache and the store. Answer loop only.
//
//   learn ─ first asker ─ (store not loaded yet: point read) ─ Discovery ─ settle ─ cache ─► all askers
//         ─ later asker: joins
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "cache/keyed_hash.h"
#include "cache/policy_cache.h"
#include "store/store_shadow.h"
#include "event/executor.h"
#include "event/timer.h"
#include "discover/discovery.h"
#include "dns/dns_at.h"
#include "fetch/fetch_queue.h"
#include "learn/reachability.h"
#include "sts/decide.h"

namespace tlspolicyd {

class Learner {
 public:
  struct Parts {  // all outlive this object
    Dns& dns;
    Executor& loop;
    FetchQueue& fetches;
    PolicyCache& cache;
    StoreShadow& shadow;
    Timers& timers;
    const Clock& clock;
    Logger& log;
    Metrics& metrics;
    std::function<double()> spread;        // -1 to 1, for jitter
    const Nat64Prefixes* nat64 = nullptr;  // null: none
  };
  struct Options {
    StsOptions sts;
    DiscoveryOptions discovery;
    std::size_t max_discoveries = 20'000;  // under way; a few kB each, so below 100 MB
  };
  // What is known now. The cache holds it, unless it had to evict it.
  enum class Learned : std::uint8_t {
    nothing_enforced,
    enforced,
    untold,  // the store has a live policy that the cache had no room for, and it cannot be read
  };
  using Done = std::function<void(Learned)>;
  // Whether a fetch may begin: at once, when allow_fetch() says so, or not at all.
  enum class FetchGate : std::uint8_t { open, held, closed };
  using OnFetch = std::function<FetchGate()>;

  Learner(Parts parts, Options options);
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;
  ~Learner();

  // Discoveries under way end under the options they began with.
  void set_options(const Options& options) { options_ = options; }
  [[nodiscard]] const Options& options() const { return options_; }

  // False: too many discoveries are under way to begin one more, or twice as many where the store
  // may have the policy: see store_pending().
  [[nodiscard]] bool has_room_for(const Domain& domain) const;
  // Calls back once the domain has been learned about. has_room_for() must be true.
  // `on_fetch`: asked when TXT has announced a policy that is to be fetched now, or has already;
  // never where a policy applies, which is fetched anew whatever anybody says.
  [[nodiscard]] Ticket learn(const Domain& domain, Done done, OnFetch on_fetch = nullptr);
  // The same with nobody waiting; nothing happens if one is under way or there is no room.
  void learn_in_background(const Domain& domain, Purpose purpose);

  // The word that a held fetch waits for; one that nobody holds goes on whatever is said. Not
  // allowed: the domain takes no mail.
  void allow_fetch(const Domain& domain, bool allowed);

  // Whether the TXT look-up of a discovery under way is still unanswered.
  [[nodiscard]] bool txt_pending(const Domain& domain) const;

  // Whether nothing that applies is known, and the store may have it: it was not read yet, or the policy
  // that it gave was evicted again.
  [[nodiscard]] bool store_pending(const Domain& domain) const;

  // What is being learned about the domain is void: begun afresh for those who wait,
  // dropped where nobody does.
  void restart(const Domain& domain);
  void restart_all();

  // Takes in a row from the store, unless something newer is known.
  void adopt(const StoredRow& row);
  // Takes in an entry that adopt() had taken for younger than it is.
  void grew_older(Entry entry);
  // The entry has gone or has run out.
  void forgot(const Domain& domain) { failing_.erase(domain.text()); }
  void forgot_all() { failing_.clear(); }

  [[nodiscard]] std::size_t under_way() const { return pending_.size(); }
  [[nodiscard]] std::size_t refreshes() const { return refreshes_; }
  [[nodiscard]] std::size_t failing() const { return failing_.size(); }  // entries with a policy and a failure

 private:
  struct Asker;
  struct Pending;
  using PendingPtr = std::unique_ptr<Pending>;

  Pending& enter(const Domain& domain, Purpose purpose);
  [[nodiscard]] bool only_stored(const Domain& domain) const;
  void read_store(Pending& pending);
  void on_row(Pending& pending, const std::optional<StoredRow>& row);
  void go_on(Pending& pending, const Entry* known);
  [[nodiscard]] std::optional<Entry> newer_entry(const StoredRow& row) const;
  void take_up(Entry entry);
  void discover(Pending& pending);
  [[nodiscard]] FetchSeen::State fetch_rule(Pending& pending, const TxtSeen& txt);
  void on_discovered(Pending& pending, DiscoveryReport report);
  void conclude(Pending& pending, const Entry* known);
  [[nodiscard]] Learned take_in(const Pending& pending, const DiscoveryReport& report, const Entry* known);
  [[nodiscard]] Learned learned_from(const Entry* entry) const;
  void warn_if_failing(Entry& entry, const Evidence& seen);
  void finish(Pending& pending, Learned learned);
  void tell(Pending& pending, Learned learned);
  [[nodiscard]] FetchGate gate_of(const Pending& pending) const;
  void ask_late_comer(Pending& pending, Asker& asker);
  [[nodiscard]] static bool wanted(const Pending& pending);
  void drop(Pending& pending);

  Parts parts_;
  Options options_;
  DnsAt first_contact_dns_, refresh_dns_;
  std::unordered_map<std::string, PendingPtr, KeyedHash> pending_;  // by domain
  std::size_t refreshes_ = 0;
  std::unordered_set<std::string, KeyedHash> failing_;
  Reachability reachability_;
  std::vector<std::unique_ptr<Discovery>> retired_;  // destroyed on a later turn
  std::unique_ptr<Timer> bury_;
};

}  // namespace tlspolicyd
