// Gathers everything that `-q` tells about a domain. Knows nothing from before and
// changes nothing. One object, one diagnosis; on the loop of its ports.
//
//   start ── Discovery ──┬─ no policy ───────────────────────────────► finish
//                        └─ MX ──┬─ some, or no answer ──────────────► finish
//                                └─ none: A and AAAA of the domain ──► finish
#pragma once

#include <functional>

#include "cli/mx_words.h"
#include "postfix/policy_reply.h"
#include "service/discovery.h"
#include "view/explanation_view.h"

namespace tlspolicyd {

struct DiagnosisOptions {
  DiscoveryOptions discovery;
  StsOptions sts;
  ReplyOptions reply;
  bool dns_error_is_temp = false;
};

class Diagnosis {
 public:
  // `temporary`: another try may end otherwise.
  using Done = std::function<void(Explanation explanation, bool temporary)>;

  Diagnosis(Discovery::Ports ports, Domain domain, DiagnosisOptions options, Done done);
  Diagnosis(const Diagnosis&) = delete;
  Diagnosis& operator=(const Diagnosis&) = delete;

  // Call once. Destroying the object before it is done cancels it.
  void start() { discovery_.start(); }

 private:
  void on_discovered(DiscoveryReport report);
  void on_mx(const DnsAnswer& answer);
  void ask_addresses();
  void on_address(DnsAnswer& family, const DnsAnswer& answer);
  void finish();
  [[nodiscard]] const Policy* policy() const;
  [[nodiscard]] bool temporary() const;
  [[nodiscard]] Explanation explain();

  Discovery::Ports ports_;
  Domain domain_;
  DiagnosisOptions options_;
  Done done_;
  DiscoveryReport report_;
  MailHosts hosts_;
  bool hosts_asked_ = false;
  int addresses_awaited_ = 0;
  Ticket mx_ticket_, a_ticket_, aaaa_ticket_;
  Discovery discovery_;
};

}  // namespace tlspolicyd
