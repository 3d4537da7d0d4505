// The stub resolver: asks recursive servers, follows CNAMEs, caches nothing. What goes to one server,
// and when, is dns/link/dns_link's; what a client adds is whom it asks. Answer loop only.
// RFC 1034 section 5.3.1, RFC 5452.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dns/dns.h"
#include "dns/dns_query.h"
#include "dns/resolv_conf.h"
#include "dns/resolver_plan.h"
#include "dns/resolver_trials.h"

namespace tlspolicyd {

class DnsClient final : public ValidatingDns {
 public:
  using Options = ResolverOptions;

  // `hub` outlives this object. Counts dns{status} for each answer given and dns_tries{event}.
  DnsClient(DnsHub& hub, Options options);
  ~DnsClient() override;

  using Dns::ask;
  // The time for all tries runs from a question's turn.
  [[nodiscard]] Ticket ask(const DnsQuestion& question, DnsTurn turn, Done done) override;

  // Questions under way finish as they began.
  void set_options(Options options);

  // Those that the next question would be asked, in the operator's order.
  [[nodiscard]] const std::vector<Resolver>& resolvers() override;
  [[nodiscard]] Ticket ask_one(const Resolver& resolver, const DnsQuestion& question, Done done) override;
  void set_validates(const Resolver& resolver, bool validates) override;
  void on_new_resolver(std::function<void()> tell) override { tell_of_new_ = std::move(tell); }

 private:
  using Id = std::uint64_t;  // in order of asking
  struct Asked {
    Done done;
    std::unique_ptr<DnsQuery> query;  // null: refused because there are too many
  };

  // Null: too many are asked already.
  [[nodiscard]] DnsQuery* enter(Id id, const DnsQuestion& question, DnsTurn turn, Done done);
  [[nodiscard]] Ticket ticket_of(Id id);
  void refuse(Id id, DnsAnswer answer);
  void begin(Id id, DnsQuery& query);
  void begin_held();
  [[nodiscard]] bool must_wait();
  void on_answer(Id id, const DnsAnswer& answer);
  void schedule(std::function<void()> task);
  [[nodiscard]] const std::shared_ptr<ResolverPool>& current_pool();

  DnsHub& hub_;
  Options options_;
  ResolvConfFile resolv_conf_;
  std::shared_ptr<ResolverPool> pool_;
  bool stale_ = true;  // pool_ is to be made anew
  ResolverTrials trials_;
  std::function<void()> tell_of_new_;
  Id last_id_ = 0;
  std::unordered_map<Id, Asked> asked_;
  std::map<Id, DnsQuery*> held_;  // until a resolver is known to validate
  std::unique_ptr<Timer> held_timer_;
  std::vector<std::unique_ptr<DnsQuery>> ended_;            // destroyed on a later turn
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // outlived by tickets and posted turns
};

}  // namespace tlspolicyd
