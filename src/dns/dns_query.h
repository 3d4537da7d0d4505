// One question from its turn to its answer. Answer loop only.
//
//   start ─► submit ─ its turn ─┬─ reply ─► judge ─┬─ answer, denial, CNAME loop: finish
//              ▲  ▲  ▲          │                  ├─ the chain goes on: submit
//              │  │  │          │                  ├─ REFUSED: others; else wait, and the same again
//              │  │  │          │                  └─ error, nonsense: move_on
//              │  │  │          ├─ truncated ─► submit, over TCP
//              │  │  │          ├─ its socket was closed ─► submit
//              │  │  └──────────┼─ cannot be reached: others; else wait, and the same again
//              │  └─────────────┴─ silence for a try's time ─► move_on, while its tries wait on
//              └─ move_on ─ nobody may answer any more, or no time is left ─► give_up
//
// It is never started over: a further try goes to another resolver first, from another socket, and
// whichever try is answered ends it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dns/dns_chain.h"
#include "dns/link/dns_deadlines.h"
#include "dns/link/dns_try.h"
#include "dns/resolver_pool.h"

namespace tlspolicyd {

class DnsQuery final : private DnsTry::Owner {
 public:
  using Done = std::function<void(const DnsAnswer&)>;

  // `done` runs at most once, never within start(); it must not destroy the query.
  DnsQuery(DnsHub& hub, DnsQuestion question, DnsTurn turn, Done done);
  DnsQuery(const DnsQuery&) = delete;
  DnsQuery& operator=(const DnsQuery&) = delete;

  // `order`: the resolvers that may be asked, at least one, first to ask first; indices into the plan.
  void start(std::shared_ptr<ResolverPool> pool, const std::vector<std::size_t>& order);

 private:
  enum class Step : std::uint8_t { silence, ask, give_up };
  struct Candidate {
    std::size_t index;  // into plan().resolvers
    int tries = 0;
    bool edns = true;
    bool tcp = false;
    bool out = false;                        // it has said all it will say
    int pauses = 0;                          // it refused, or could not be reached
    SteadyTime ready{};                      // after the last of them
    DnsStatus failure = DnsStatus::timeout;  // of its last try
    std::string note;                        // why it brought no answer, for people
  };
  using Tries = std::vector<std::unique_ptr<DnsTry>>;

  bool on_turn(DnsTry& each) override;
  void on_outcome(DnsTry& each, const DnsOutcome& outcome) override;

  void submit(bool again = false);
  void ask();
  void judge(Candidate& asked, Octets reply);
  void take(Candidate& asked, const DnsMessage& message);
  void follow(Candidate& asked);
  void again(Candidate& asked);
  void on_error_code(Candidate& asked, Rcode rcode);
  void on_refused(Candidate& asked);
  void on_nonsense(Candidate& asked, const std::string& why);
  void on_broken(Candidate& asked, const std::string& cause, SteadyTime sent_at);
  void on_lost(Candidate& asked, bool tcp);
  void on_silence();
  void pause(Candidate& asked, milliseconds first);
  void move_on();
  [[nodiscard]] bool choose_next();
  [[nodiscard]] bool is_asked(const Candidate& candidate) const;
  [[nodiscard]] bool is_awaited() const;
  void give_up();
  void finish(DnsAnswer answer);

  void on_deadline();
  void later(Step step, SteadyTime at);
  [[nodiscard]] const ResolverPlan& plan() const { return pool_->plan(); }
  [[nodiscard]] Candidate& candidate() { return candidates_[current_]; }
  [[nodiscard]] DnsLink& link() const { return pool_->link(candidates_[current_].index); }
  [[nodiscard]] std::string text_of(const Candidate& asked) const {
    return to_text(plan().resolvers[asked.index]) + (over_tcp(asked) ? " over TCP" : "");
  }
  // Since the answer was too long for UDP.
  [[nodiscard]] bool over_tcp(const Candidate& asked) const { return asked.tcp && !plan().tcp; }

  DnsHub& hub_;
  std::shared_ptr<ResolverPool> pool_;
  DnsChain chain_;
  DnsTurn turn_;
  Done done_;
  std::vector<Candidate> candidates_;  // first to ask first
  std::size_t current_ = 0;
  int tries_left_ = 0;
  bool lost_ = false;
  DnsTry* last_ = nullptr;  // the last that had its turn; null: it has ended
  Tries tries_;
  SteadyTime first_turn_{};
  SteadyTime end_ = SteadyTime::max();  // of all its time, from its first turn
  bool ad_ignored_ = false;
  Step step_ = Step::silence;
  DnsDeadlines::Deadline deadline_;
};

}  // namespace tlspolicyd
