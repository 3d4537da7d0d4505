// Which NAT64 prefixes the network has, asked of its resolver at the start and now and then
// (RFC 7050). A failed lookup leaves what was found before. Answer loop only.
#pragma once

#include <memory>

#include "base/log.h"
#include "event/timer.h"
#include "dns/dns.h"
#include "net/nat64.h"

namespace tlspolicyd {

class Nat64Watch {
 public:
  // `log` may be null. All outlive this object.
  Nat64Watch(Dns& dns, Timers& timers, Logger* log);
  Nat64Watch(const Nat64Watch&) = delete;
  Nat64Watch& operator=(const Nat64Watch&) = delete;

  void ask();  // now, and again from time to time
  [[nodiscard]] const Nat64Prefixes& prefixes() const { return prefixes_; }

 private:
  void on_answer(const DnsAnswer& answer);

  Dns& dns_;
  Logger* log_;
  Nat64Prefixes prefixes_;
  Ticket ticket_;
  std::unique_ptr<Timer> again_;
};

}  // namespace tlspolicyd
