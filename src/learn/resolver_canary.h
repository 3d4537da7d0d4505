// Whether each resolver validates DNSSEC, found out by a question that a validating one must
// answer with AD (RFC 7672 section 2.1.1): at start, at reload, when resolv.conf names a new one,
// and every hour; each minute while it does not. One answer without AD is confirmed before it
// counts, one that fails changes nothing. Answer loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/log.h"
#include "base/metrics.h"
#include "event/timer.h"
#include "dns/dns.h"

namespace tlspolicyd {

class ResolverCanary {
 public:
  struct Parts {  // all outlive this object
    ValidatingDns& dns;
    Timers& timers;
    Logger& log;
    Metrics& metrics;
  };
  // `on_verdict`: after each answer that counts.
  ResolverCanary(Parts parts, std::function<void()> on_verdict);
  ResolverCanary(const ResolverCanary&) = delete;
  ResolverCanary& operator=(const ResolverCanary&) = delete;
  ~ResolverCanary();

  // Now and from now on, each resolver. Earlier questions are forgotten, not what they found.
  void ask(const DnsQuestion& question);
  // Of all resolvers the best; until an answer says otherwise AD counts as seen.
  [[nodiscard]] AdBit ad() const;
  [[nodiscard]] bool validates() const { return ad() == AdBit::trusted; }

 private:
  struct Trial {
    std::optional<AdBit> ad;  // once known
    bool doubted = false;     // by one answer
    bool silent = false;      // has left a canary unanswered
    Ticket ticket;
    std::unique_ptr<Timer> timer;
  };

  void ask_new();
  void ask_again(const Resolver& resolver);
  void on_answer(const Resolver& resolver, const DnsAnswer& answer);
  void on_failure(Trial& trial, const DnsAnswer& answer);
  void judge(const Resolver& resolver, Trial& trial, AdBit ad);

  Parts parts_;
  std::function<void()> on_verdict_;
  std::optional<DnsQuestion> question_;
  std::map<Resolver, Trial> trials_;
  bool answered_ = false;
  bool warned_ = false;
};

}  // namespace tlspolicyd
