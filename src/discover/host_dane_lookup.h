// Finds out what DANE says about one mail host: RFC 7672 sections 2.2.2 and 2.2.3 in order
// of execution.
//
//   start ── A and AAAA ──┬─ failed, absent, insecure ───────────────────► finish
//                         ├─ secure ── TLSA at the expanded name ─┬─ some ─► finish
//                         │            and else at the original ──┴─ none ─► finish
//                         └─ insecure, by an alias ── CNAME ──┬─ insecure ─► finish
//                                                             └─ secure ── TLSA at the original ► finish
//
// Addresses come first: a host whose address is insecure is often served by what cannot
// answer TLSA at all. One object, one look-up. Answer loop only.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dane/hop_dane.h"
#include "dnsdata/dns_answer.h"
#include "dns/dns.h"

namespace tlspolicyd {

struct HostReport {
  DaneHost host;
  seconds ttl = kMaxDaneCurrent;                        // the smallest seen
  DnsAnswer a, aaaa;                                    // without their records
  std::vector<std::pair<std::string, DnsAnswer>> tlsa;  // by the name asked; of the first records the numbers
  std::size_t tlsa_records = 0;                         // how many the last of them had
  std::string trouble;                                  // where a look-up failed: which and why, for people
};

class HostDaneLookup {
 public:
  using Done = std::function<void()>;  // report() is complete

  // `dns` and `reads_left` (of use_of() in tls/tlsa.h) outlive this object. `host`: as in
  // DnsQuestion. `port`: that Postfix will use.
  HostDaneLookup(Dns& dns, std::string host, std::uint16_t port, std::size_t& reads_left, Done done);
  HostDaneLookup(const HostDaneLookup&) = delete;
  HostDaneLookup& operator=(const HostDaneLookup&) = delete;

  // Call once. Destroying the object before it is done cancels it.
  void start();
  [[nodiscard]] const HostReport& report() const { return report_; }

 private:
  void on_address(DnsAnswer& family, const DnsAnswer& answer);
  void judge_addresses();
  void judge_records(const std::string& name, const std::vector<TlsaRdata>& records);
  void judge_insecure(const DnsAnswer& address);
  void on_alias(const DnsAnswer& answer);
  void ask_tlsa(std::vector<std::string> bases);
  void ask_next_tlsa();
  void on_tlsa(const std::string& name, const DnsAnswer& answer);
  void fail(HostFinding finding, RrType type, const std::string& name, const DnsAnswer& answer);
  void finish(HostFinding finding);
  void use_ttl(const DnsAnswer& answer);

  Dns& dns_;
  std::uint16_t port_;
  std::size_t& reads_left_;
  Done done_;
  HostReport report_;
  int addresses_awaited_ = 2;
  std::vector<std::string> bases_;  // TLSA base domains still to be asked, the next one last
  HostFinding without_records_ = HostFinding::tlsa_absent;
  Ticket a_ticket_, aaaa_ticket_, alias_ticket_, tlsa_ticket_;
};

}  // namespace tlspolicyd
