// Answers map questions: from the cache where it can, else once the learners know. Also
// the hand that purges. Answer loop only.
//
//   question ─ no host name, or a level that demands more already ─► NOTFOUND
//            ─ known and current ──────────────────────────► from the cache
//            ─ known, but to be asked again ───────────────► from the cache, learn behind it
//            ─ would be secure, level not known yet ─ wait ┐
//            ─ policy not known ─ learn ───────────────────┤
//            ─ DANE matters and is not known ─ learn ──────┴► within reply_timeout, with what is known by then
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "answer/answers.h"
#include "answer/map_names.h"
#include "answer/reply_notes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cache/policy_cache.h"
#include "event/timer.h"
#include "learn/dane_learner.h"
#include "learn/learner.h"
#include "postfix/entry_reply.h"
#include "postfix/next_hop.h"
#include "store/store_shadow.h"

namespace tlspolicyd {

class PolicyService final : public Answers {
 public:
  struct Parts {  // all outlive this object
    Learner& learner;
    DaneLearner& dane;
    PolicyCache& cache;
    StoreShadow& shadow;
    Executor& elsewhere;  // where it may take long to end a million entries
    Timers& timers;
    const Clock& clock;
    Logger& log;
    Metrics& metrics;
    std::function<void(const MapName&)> on_new_map_name = nullptr;  // with form and level both known
  };
  struct Options {
    ReplyRules rules;
    // Of clients that do not name theirs (postfix/map_name.h). False: postconf has been asked, and what
    // would replace the level waits for it up to reply_timeout, since it could be weaker or switch DANE off.
    bool level_known = true;
    bool validates = false;  // the resolver: clients that say they are at level dane get DANE precedence
    std::string tlsrpt_map_name = "QUERYwithTLSRPT";  // compared without case
    milliseconds reply_timeout{5000};
    bool log_lookups = false;
  };

  PolicyService(Parts parts, Options options);
  PolicyService(const PolicyService&) = delete;
  PolicyService& operator=(const PolicyService&) = delete;
  ~PolicyService() override;

  [[nodiscard]] bool looks_ahead() const override { return parts_.cache.is_far_apart(); }
  void expect(std::span<const std::string_view> keys) override { parts_.cache.expect(keys); }
  [[nodiscard]] bool answer_now(const MapQuestion& question, std::string& out) override;
  [[nodiscard]] Ticket answer(const MapQuestion& question, Done done) override;
  [[nodiscard]] std::string answer_by_now(const MapQuestion& question) override;
  void set_options(Options options);

  // Forgets the domain here and in the store; what is being learned about it is void.
  // False if it was not known.
  bool purge(const Domain& domain);
  std::size_t purge_all();  // how many were known

  // The reply that the cache gives now, for views.
  [[nodiscard]] EntryReply reply_for(const Entry& entry, MapForm form) const {
    return entry_reply(entry, parts_.clock.life(), form, options_.rules);
  }

  [[nodiscard]] const MapNames& map_names() const { return map_names_; }

 private:
  struct Waiter;
  using WaiterPtr = std::shared_ptr<Waiter>;
  struct Due {
    SteadyTime at;
    std::weak_ptr<Waiter> waiter;  // there as long as it stands in line
  };
  using Waiters = std::list<Due>;

  [[nodiscard]] std::string store_untold(const Domain& domain);
  [[nodiscard]] MapName map_of(std::string_view sent) const { return parse_map_name(sent, options_.tlsrpt_map_name); }
  [[nodiscard]] bool level_known(const MapName& map) const { return map.level || options_.level_known; }
  [[nodiscard]] ReplyRules rules_for(const MapName& map) const;
  [[nodiscard]] bool answers_nothing(const MapName& map) const {
    return level_known(map) && allows_no_reply(rules_for(map).level);
  }
  // Whether the level must be known before this reply goes out.
  [[nodiscard]] bool must_wait(const MapName& map, std::string_view payload) const;
  // `entry` null: nothing is known.
  void append_reply(std::string& out, const Domain& domain, const Entry* entry, const HopDane* dane, const MapName& map,
                    LifeTime now);
  [[nodiscard]] std::string reply_to(const Domain& domain, const Entry* entry, const HopDane* dane, const MapName& map,
                                     LifeTime now);
  // `learned`: of DANE, for this question; null: what the learner knows.
  [[nodiscard]] std::string reply_by_now(const NextHop& next_hop, const MapName& map, const HopDane* learned);
  void note_use(const Domain& domain, const Entry& entry, const HopDane& dane, const MapName& map);
  void note_lookup(std::string_view key, std::string_view payload) const {
    if (options_.log_lookups) parts_.log.info(LogLine("lookup").with("key", key).with("reply", payload));
  }
  void advance(const WaiterPtr& waiter);
  void advance_some();
  void learn_policy(const WaiterPtr& waiter);
  void on_learned(const WaiterPtr& waiter, Learner::Learned learned);
  [[nodiscard]] bool may_read_again(Waiter& waiter) const;
  [[nodiscard]] Learner::FetchGate on_fetch(const WaiterPtr& waiter);
  void learn_dane(const WaiterPtr& waiter);
  void learn_again(const NextHop& next_hop, Need policy, DaneNeed dane);
  void line_up(const WaiterPtr& waiter);
  // Out of the line; nothing is learned for it any more. Gives what is to be called.
  [[nodiscard]] Done leave(Waiter& waiter);
  void finish(const WaiterPtr& waiter);
  void on_reply_timeout();
  void give_up(const WaiterPtr& waiter);
  void settle_waiter(const WaiterPtr& waiter, const std::string& payload);
  void arm_reply_timer();

  Parts parts_;
  Options options_;
  ReplyNotes notes_;
  MapNames map_names_;
  std::uint64_t purges_ = 0;
  Waiters waiters_;  // in order of time, also where a reload shortened reply_timeout
  std::unique_ptr<Timer> reply_timer_;
  std::deque<std::weak_ptr<Waiter>> to_advance_;  // since the options changed
  std::unique_ptr<Timer> advance_timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // outlived by tickets
};

}  // namespace tlspolicyd
