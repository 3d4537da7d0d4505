// What DNS clients share: a link to each resolver, so that plain questions and those of DANE
// together keep within what it can take. Answer loop only.
#pragma once

#include <map>
#include <memory>

#include "dns/link/dns_deadlines.h"
#include "dns/link/dns_link.h"

namespace tlspolicyd {

class DnsHub {
 public:
  static constexpr std::size_t kResolversUsual = 3;  // what the C library takes of resolv.conf
  static constexpr std::size_t kUnansweredMost = 65536;

  // `timers`: of the same loop. All references outlive this object.
  // `resolvers`: how many will be asked, to share the descriptors out.
  DnsHub(Loop& loop, Timers& timers, const Clock& clock, Metrics& metrics, std::size_t resolvers = kResolversUsual,
         std::size_t unanswered_most = kUnansweredMost);
  DnsHub(const DnsHub&) = delete;
  DnsHub& operator=(const DnsHub&) = delete;

  [[nodiscard]] DnsLink& link(const Resolver& resolver);  // as long as this object

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] Timers& timers() { return timers_; }
  [[nodiscard]] Metrics& metrics() { return metrics_; }
  [[nodiscard]] DnsDeadlines& deadlines() { return deadlines_; }

 private:
  Loop& loop_;
  Timers& timers_;
  const Clock& clock_;
  Metrics& metrics_;
  DnsDeadlines deadlines_;
  std::size_t unanswered_ = 0, unanswered_most_;
  std::size_t max_sockets_;  // to one resolver
  std::map<Resolver, std::unique_ptr<DnsLink>> links_;
};

// What so many resolvers may cost: to be kept free of connections.
[[nodiscard]] std::size_t dns_descriptors(std::size_t resolvers);

}  // namespace tlspolicyd
