// Answers map questions: from the cache where it can, else once the Learner knows. Also
// the hand that purges, refreshes and drops. Answer loop only.
//
//   question ─ no host name ─────────────────────────► NOTFOUND
//            ─ known and current ────────────────────► from the cache
//            ─ policy applies, TXT to be read again ─► from the cache, learn behind it
//            ─ not known ─ learn ────────────────────► within reply_timeout, else NOTFOUND
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "cache/policy_cache.h"
#include "cache/store_shadow.h"
#include "event/timer.h"
#include "postfix/policy_reply.h"
#include "service/answers.h"
#include "service/learner.h"
#include "service/reply_notes.h"

namespace tlspolicyd {

class PolicyService final : public Answers {
 public:
  struct Parts {  // all outlive this object
    Learner& learner;
    PolicyCache& cache;
    StoreShadow& shadow;
    Timers& timers;
    const Clock& clock;
    Logger& log;
    Metrics& metrics;
  };
  struct Options {
    ReplyOptions reply;
    std::string tlsrpt_map_name = "QUERYwithTLSRPT";  // compared without case
    bool dns_error_is_temp = false;  // else NOTFOUND, when TXT cannot be read and nothing is known
    milliseconds reply_timeout{5000};
    bool log_lookups = false;
  };

  PolicyService(Parts parts, Options options);
  PolicyService(const PolicyService&) = delete;
  PolicyService& operator=(const PolicyService&) = delete;
  ~PolicyService() override;

  [[nodiscard]] bool answer_now(const MapQuestion& question, std::string& out) override;
  [[nodiscard]] Ticket answer(const MapQuestion& question, Done done) override;
  void set_options(Options options) { options_ = std::move(options); }

  // Forgets the domain here and in the store; what is being learned about it is void.
  // False if it was not known.
  bool purge(const Domain& domain);
  std::size_t purge_all();  // how many were known

  // The reply that the cache gives now, for views.
  [[nodiscard]] std::string reply_for(const Entry& entry, MapForm form) const;

 private:
  struct Waiter;
  using WaiterPtr = std::shared_ptr<Waiter>;
  struct Due {
    SteadyTime at;
    std::weak_ptr<Waiter> waiter;
  };

  [[nodiscard]] MapForm form_of(std::string_view map_name);
  // `entry` null: nothing is known.
  [[nodiscard]] std::string reply_to(const Domain& domain, const Entry* entry, MapForm form, LifeTime now);
  void note_lookup(std::string_view key, std::string_view payload) const;
  void on_learned(const WaiterPtr& waiter);
  void on_reply_timeout();
  void give_up(const WaiterPtr& waiter);
  void settle_waiter(const WaiterPtr& waiter, const std::string& payload);
  void arm_reply_timer();

  Parts parts_;
  Options options_;
  ReplyNotes notes_;
  std::deque<Due> waiters_;  // in order of time, also where a reload shortened reply_timeout
  std::unique_ptr<Timer> reply_timer_;
};

}  // namespace tlspolicyd
