// Gathers everything that `-q` tells about a domain. Knows nothing from before and
// changes nothing. One object, one diagnosis; on the loop of its ports.
//
//   start ─┬─ Discovery ── DaneLookup ─┬─ no policy, or MX records, or no answer ─┐
//          │                           └─ no MX: A and AAAA of the domain ────────┼─► finish
//          └─ canary: does the resolver validate? ────────────────────────────────┘
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "discover/dane_lookup.h"
#include "discover/discovery.h"
#include "dns/recent_dns.h"
#include "explain/mx_words.h"
#include "learn/nat64_watch.h"
#include "postfix/entry_reply.h"
#include "view/explanation_view.h"

namespace tlspolicyd {

struct DiagnosisOptions {
  DiscoveryOptions discovery;
  StsOptions sts;
  ReplyRules rules;  // dane_active: wanted; the canary decides whether it is
  DnsQuestion dane_canary;
  std::string trust_anchors;  // "ca_file /etc/ca.pem", to be named where a certificate is not trusted
};

class Diagnosis {
 public:
  // `temporary`: another try may end otherwise.
  using Done = std::function<void(Explanation explanation, bool temporary)>;

  struct Ports : Discovery::Ports {
    Dns& dane_dns;  // of resolvers whose AD counts
    Executor& loop;
  };

  Diagnosis(Ports ports, const NextHop& next_hop, DiagnosisOptions options, Done done);
  Diagnosis(const Diagnosis&) = delete;
  Diagnosis& operator=(const Diagnosis&) = delete;

  // Call once. Destroying the object before it is done cancels it.
  void start();

 private:
  void on_discovered(DiscoveryReport report);
  void on_canary(const DnsAnswer& answer);
  void on_dane(DaneReport report);
  void ask_addresses();
  void on_address(DnsAnswer& family, const DnsAnswer& answer);
  void finish_part();
  void finish();
  void add_steps(bool temporary_now, std::string_view verdict);
  [[nodiscard]] const Policy* policy() const;
  [[nodiscard]] bool names_matter() const;  // a policy whose patterns the MX hosts must fit
  [[nodiscard]] Step hosts_step() const;    // whether they do
  [[nodiscard]] bool temporary() const;
  [[nodiscard]] bool own_resolver_fails() const;
  [[nodiscard]] Entry entry_at(LifeTime now) const;
  [[nodiscard]] Explanation explain(const Entry& entry);

  Ports ports_;
  Domain domain_;
  HopKey hop_;
  DiagnosisOptions options_;
  Done done_;
  DiscoveryReport report_;
  std::vector<Step> steps_;
  MailHosts hosts_;
  DaneReport dane_;
  DnsAnswer canary_;
  int parts_awaited_ = 2;
  int addresses_awaited_ = 0;
  Ticket canary_ticket_, a_ticket_, aaaa_ticket_;
  Nat64Watch nat64_;  // has answered long before the policy host's addresses are judged
  Discovery discovery_;
  RecentDns host_dns_;
  DaneLookup lookup_;
};

}  // namespace tlspolicyd
