// Finds out the DANE status of one next hop (RFC 7672 section 2.2), all hosts in parallel.
//
//   start ─┬─ MX ──┬─ failed, unsigned, null ─────────────────► finish
//          │       ├─ signed: its hosts, the first kMaxDaneHosts ─┐
//          │       └─ securely none: the domain itself ───────────┼─ HostDaneLookup each ─► finish
//          └─ `[host]`: that one ─────────────────────────────────┘
//
// One object, one look-up. It changes nothing. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dane/hop_dane.h"
#include "tls/tlsa.h"
#include "discover/host_dane_lookup.h"
#include "sts/domain.h"

namespace tlspolicyd {

struct DaneReport {
  DaneStatus status;
  seconds ttl{0};                 // the smallest seen
  DnsAnswer mx;                   // not asked for `[host]`
  std::vector<HostReport> hosts;  // as in status.hosts
};

class DaneLookup {
 public:
  using Done = std::function<void(DaneReport)>;
  using OnMx = std::function<void(MxState)>;

  struct Ports {  // all outlive this object
    Dns& mx;
    Dns& hosts;
  };
  // `on_mx`: once, as soon as the MX RRset is known or
  // has failed, before any host is; not for `[host]`.
  DaneLookup(Ports ports, Domain domain, HopKey hop, Done done, OnMx on_mx = nullptr);
  DaneLookup(const DaneLookup&) = delete;
  DaneLookup& operator=(const DaneLookup&) = delete;

  // Call once. Destroying the object before it is done cancels it.
  void start();
  // What is known by now; hosts that have not answered yet are `unanswered`, which counts as
  // failed, as does an MX RRset that is not here.
  [[nodiscard]] DaneStatus so_far() const;
  [[nodiscard]] bool mx_known() const { return mx_known_; }

 private:
  void on_mx(const DnsAnswer& answer);
  [[nodiscard]] std::vector<std::string> judge(const DnsAnswer& answer);
  [[nodiscard]] std::vector<std::string> judge_records(const DnsAnswer& answer);
  void look_up(const std::vector<std::string>& hosts);
  void on_host();
  void finish();

  Dns& mx_dns_;
  Dns& host_dns_;
  Domain domain_;
  HopKey hop_;
  Done done_;
  OnMx on_mx_;
  bool mx_known_ = false;
  MxState mx_state_ = MxState::failed;
  DnsAnswer mx_;
  Ticket mx_ticket_;
  std::size_t reads_left_ = kReadMax;
  std::vector<std::unique_ptr<HostDaneLookup>> hosts_;
  std::size_t started_ = 0, awaited_ = 0;
};

}  // namespace tlspolicyd
