// Whether the resolver validates DNSSEC, found out by a question that a validating one
// must answer with AD (RFC 7672 section 2.1.1): at start, at reload, and every hour.
// Answer loop only.
#pragma once

#include <functional>
#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "event/timer.h"
#include "net/dns.h"

namespace tlspolicyd {

class ResolverCanary {
 public:
  struct Parts {  // all outlive this object
    Dns& dns;
    Timers& timers;
    Logger& log;
    Metrics& metrics;
  };
  // `on_answer`: after each answer; not for one that failed, which leaves things as they were.
  ResolverCanary(Parts parts, std::function<void()> on_answer);
  ResolverCanary(const ResolverCanary&) = delete;
  ResolverCanary& operator=(const ResolverCanary&) = delete;

  // Now and from now on. An earlier question is forgotten, not what it found.
  void ask(const DnsQuestion& question);
  // Until an answer says otherwise AD counts as seen.
  [[nodiscard]] AdBit ad() const { return ad_; }
  [[nodiscard]] bool validates() const { return ad_ == AdBit::trusted; }

 private:
  void ask_again();
  void on_answer(const DnsAnswer& answer);

  Parts parts_;
  std::function<void()> on_answer_;
  DnsQuestion question_;
  AdBit ad_ = AdBit::trusted;
  bool answered_ = false;
  bool warned_ = false;
  Ticket ticket_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace tlspolicyd
