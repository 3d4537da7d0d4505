// One question from its turn to its answer. Answer loop only.
//
//   start -> begin_try -> send -+- reply ----> judge -+- answer, denial, CNAME loop: finish
//                ^         ^    |                     +- the chain goes on: begin_try
//                |         |    |                     '- error, nonsense: fail_try
//                |         |    +- truncated -> send, over TCP, in the same try's time
//                |         |    +- no descriptor: send again a little later
//                |         |    '- silence, broken -> fail_try
//                |         |
//                '- tries are left ------ fail_try -- none: give_up -> finish
//
// All steps that open a socket run from the timer, so that no exchange is replaced from
// within its own callback.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "net/dns_chain.h"
#include "net/dns_exchange.h"
#include "net/resolver_pool.h"

namespace tlspolicyd {

class DnsQuery {
 public:
  using Done = std::function<void(const DnsAnswer&)>;

  // `done` runs at most once, never within start(); it must not destroy the query.
  DnsQuery(Loop& loop, const Clock& clock, Metrics& metrics, std::shared_ptr<ResolverPool> pool,
           DnsQuestion question, Done done);
  DnsQuery(const DnsQuery&) = delete;
  DnsQuery& operator=(const DnsQuery&) = delete;

  // `end`: of its time, if that is less than all tries take.
  void start(SteadyTime end = SteadyTime::max());

 private:
  enum class Step { begin_try, send, silence, give_up };
  struct Candidate {
    std::size_t index;    // into plan().resolvers
    int tries = 0;
    bool edns = true;
    bool out = false;     // it has said all it will say
    bool broken = false;  // it could not be reached last time
    DnsStatus failure = DnsStatus::timeout;  // of its last try
    std::string note;     // why it brought no answer, for people
  };

  void begin_try();
  void send();
  [[nodiscard]] Opened open();
  void wait_for_descriptor();
  void on_outcome(const DnsExchange::Outcome& outcome);
  void judge(Octets reply);
  void take(const DnsMessage& message);
  void on_error_code(Rcode rcode);
  void on_nonsense(const std::string& why);
  void on_broken(const std::string& cause);
  void on_silence();
  void fail_try();
  [[nodiscard]] bool choose_next();
  void give_up();
  void finish(DnsAnswer answer);

  void on_timer();
  void later(Step step, SteadyTime at);
  void soon(Step step) { later(step, clock_.steady()); }
  [[nodiscard]] const ResolverPlan& plan() const { return pool_->plan(); }
  [[nodiscard]] Candidate& candidate() { return candidates_[current_]; }
  [[nodiscard]] std::string resolver_text() {
    return to_text(plan().resolvers[candidate().index]) + (over_tcp() ? " over TCP" : "");
  }
  // Since the answer was too long for UDP.
  [[nodiscard]] bool over_tcp() const { return tcp_ && !plan().tcp; }

  Loop& loop_;
  const Clock& clock_;
  Metrics& metrics_;
  std::shared_ptr<ResolverPool> pool_;
  DnsChain chain_;
  Done done_;
  std::vector<Candidate> candidates_;  // first to ask first
  std::size_t current_ = 0;
  int tries_left_;
  bool tcp_ = false;
  SteadyTime asked_, try_end_, end_;
  bool ad_ignored_ = false;
  std::vector<std::uint8_t> wire_;
  Step step_ = Step::begin_try;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<DnsExchange> exchange_;  // uses wire_
};

}  // namespace tlspolicyd
