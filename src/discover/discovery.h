// Finds out a domain's policy: RFC 8461 sections 3.1 to 3.3 in order of execution.
//
//   start ── TXT ──┬─ no fetch wanted ───────────────────────────────► finish
//                  └─ A and AAAA of the policy host ──┬─ none usable ─► finish
//                     (the later one joins the GET)   └─ GET ── parse ► finish
//
// The GET can be held back until it is known whether the domain takes mail at all.
//
// One object, one discovery. It gathers evidence and changes nothing: settle() in
// sts/decide.h turns the evidence into an entry. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/timer.h"
#include "dns/dns.h"
#include "fetch/https.h"
#include "net/nat64.h"
#include "sts/decide.h"

namespace tlspolicyd {

struct DiscoveryOptions {
  milliseconds fetch_timeout{60'000};  // from the first address look-up to the last octet
  std::size_t fetch_max_size = 65536;  // octets of the document
  bool allow_private_addresses = false;
  std::uint16_t policy_port = 443;  // other only in tests
};

struct DiscoveryReport {
  Evidence evidence;  // without the details: explain_evidence() writes them
  DnsAnswer txt;
  std::string txt_flaw;                       // what the grammar says of a record without an id
  bool addresses_known = false;               // of the policy host: what follows
  DnsAnswer a, aaaa;                          // as DNS gave them
  std::vector<IpAddress> usable;              // among them those that may be connected to
  bool null_mx = false;                       // the domain takes no mail: no GET, or it was given up
  std::optional<FetchOutcome> fetch;          // if a GET was made
  std::optional<PolicyFault> document_fault;  // of a document that is no policy
  std::vector<std::string> notes;             // oddities the policy parser tolerated
};

class Discovery {
 public:
  using Done = std::function<void(DiscoveryReport)>;
  // Decides, once TXT is read, whether a GET is made: wanted and allowed by the pacing.
  using FetchRule = std::function<FetchSeen::State(const TxtSeen&)>;  // fetched means: go on

  struct Ports {
    Dns& dns;
    Https& https;
    Timers& timers;
    const Clock& clock;
    const Nat64Prefixes* nat64 = nullptr;  // null: none
  };

  Discovery(Ports ports, Domain domain, DiscoveryOptions options, FetchRule rule, Done done);
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;
  ~Discovery();

  // Call once. Destroying the object before it is done cancels it.
  void start();
  // From within the rule: no GET until release_fetch(), though not for ever.
  void hold_fetch() { held_ = true; }
  void release_fetch();
  // No GET at all: the domain takes no mail (RFC 7505), so it needs no policy. A GET that has
  // begun is given up.
  void refuse_fetch();
  [[nodiscard]] const Domain& domain() const { return domain_; }

 private:
  void on_txt(const DnsAnswer& answer);
  void look_up_addresses();
  void on_addresses(DnsAnswer& family, const DnsAnswer& answer);
  void on_late_addresses(const std::vector<IpAddress>& addresses);
  [[nodiscard]] std::vector<IpAddress> usable(const DnsAnswer& answer) const;
  void fetch();
  void get();
  void on_fetched(const FetchOutcome& outcome);
  void read_document(const std::string& body);
  void fail_fetch(StsResult result);
  void finish();

  Ports ports_;
  Domain domain_;
  DiscoveryOptions options_;
  FetchRule rule_;
  Done done_;
  DiscoveryReport report_;
  SteadyTime fetch_began_{};
  std::shared_ptr<LateAddresses> late_;  // if a family had not been answered when the GET began
  bool held_ = false, fetching_ = false;
  int addresses_awaited_ = 0;
  Ticket txt_ticket_, a_ticket_, aaaa_ticket_, fetch_ticket_;
  std::unique_ptr<Timer> patience_;  // for the slower of A and AAAA, then for what holds the GET
};

}  // namespace tlspolicyd
