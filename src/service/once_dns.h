// Asks each question for TLSA once for as long as it lives, however often it is put: hosts of
// one next hop may be aliases of one name. Other questions pass through. Answer loop only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/executor.h"
#include "net/dns.h"

namespace tlspolicyd {

class OnceDns final : public Dns {
 public:
  OnceDns(Dns& dns, Executor& loop) : dns_(dns), loop_(loop) {}  // both outlive this object
  OnceDns(const OnceDns&) = delete;
  OnceDns& operator=(const OnceDns&) = delete;

  [[nodiscard]] Ticket ask(const DnsQuestion& question, Done done) override;

 private:
  using Asker = std::shared_ptr<Done>;
  struct Asked {
    Ticket ticket;
    std::optional<DnsAnswer> answer;
    std::vector<Asker> askers;
  };

  void tell(Asked& asked, const DnsAnswer& answer);
  void tell_later(const Asked& asked, const Asker& asker);

  Dns& dns_;
  Executor& loop_;
  std::map<std::string, Asked> asked_;  // by name
};

}  // namespace tlspolicyd
