// The stub resolver: asks recursive servers, follows CNAMEs, caches nothing. Bounded in what
// it has under way and in what waits, which may be a crowd of names that nobody answers for. So
// the last tenth of the room is let out so slowly that it lasts until the first question of a
// sudden crowd has come to its end; and where others wait for room, who has been without an answer
// for `patience` gives way and is put again in turn, after those that never were, within its own
// time: the resolver, which went on, may know by then. Answer loop only. RFC 1034 section 5.3.1,
// RFC 5452.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "net/dns.h"
#include "net/dns_query.h"
#include "net/resolv_conf.h"

namespace tlspolicyd {

class DnsClient final : public Dns {
 public:
  struct Options {
    std::vector<Resolver> resolvers;      // empty: those of resolv_conf_path
    std::optional<milliseconds> timeout;  // per try; else resolv.conf's, else 2 s
    std::optional<int> attempts;          // tries over all resolvers; else resolv.conf's rounds, else 3 tries
    TrustAd trust_ad = TrustAd::loopback; // whose AD bit DnsAnswer::authentic may rest on
    // Ask only resolvers whose AD counts, if there is one: for who must know whether an answer
    // is signed. Else whoever breaks its answer gets an unsigned one by way of the next.
    bool only_trusted = false;
    std::string resolv_conf_path = "/etc/resolv.conf";
    std::size_t max_in_flight = 4096;     // each holds a socket
    std::size_t max_waiting = 65536;      // beyond it, those that gave way included: DnsStatus::overloaded
    milliseconds patience{300};           // what a resolver may take to find out about a sound name
  };

  // Counts dns{status} for each answer given and dns_tries{event}.
  DnsClient(Loop& loop, const Clock& clock, Metrics& metrics, Options options);
  ~DnsClient() override;

  // The newest question is begun first, for somebody waits for it still; the time for all
  // tries runs from a question's turn.
  [[nodiscard]] Ticket ask(const DnsQuestion& question, Done done) override;

  // Questions under way finish as they began.
  void set_options(Options options);

  // Those that the next question would be asked, in the operator's order.
  [[nodiscard]] const std::vector<Resolver>& resolvers();

 private:
  using Id = std::uint64_t;  // in order of asking
  struct Waiting {
    DnsQuestion question;
    Done done;
  };
  struct Put {
    Id id;
    Waiting asked;
    SteadyTime end;                   // of its time
    SteadyTime begun{};               // last
    std::unique_ptr<DnsQuery> query;  // null: gave way
  };
  using Line = std::list<Put>;

  void cancel(Id id);
  void schedule();
  void turn();
  void refuse_some();
  void begin_some();
  [[nodiscard]] bool may_begin();
  void begin_next();
  void begin(Put& put);
  [[nodiscard]] Put leave(Line::iterator put);
  [[nodiscard]] bool displace_the_oldest();  // false: none has been without an answer for long enough
  void end_some();
  void on_answer(Id id, const DnsAnswer& answer);
  [[nodiscard]] bool has_room() const { return running_.size() + ended_.size() < options_.max_in_flight; }
  [[nodiscard]] const std::shared_ptr<ResolverPool>& current_pool();

  Loop& loop_;
  const Clock& clock_;
  Metrics& metrics_;
  Options options_;
  ResolvConfFile resolv_conf_;
  std::shared_ptr<ResolverPool> pool_;
  bool stale_ = true;  // pool_ is to be made anew
  Id last_id_ = 0;
  std::map<Id, Waiting> waiting_;  // never put
  std::map<Id, Done> refused_;
  Line running_, displaced_;       // who began first, or gave way first, first
  std::unordered_map<Id, Line::iterator> put_;
  std::vector<std::unique_ptr<DnsQuery>> ended_;  // destroyed on the next turn
  bool scheduled_ = false;
  SteadyTime last_tenth_from_{};  // when the next of it may begin
  std::unique_ptr<Timer> last_tenth_timer_, patience_timer_, end_timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // outlived by tickets and posted turns
};

// What the operator's settings and resolv.conf come to. Resolvers that are set by name do away
// with all of resolv.conf, whose attempts are rounds over its name servers, not tries. Pure.
[[nodiscard]] ResolverPlan make_plan(const DnsClient::Options& options, const ResolvConf& conf);

}  // namespace tlspolicyd
