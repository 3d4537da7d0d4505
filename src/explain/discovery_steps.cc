#include "explain/discovery_steps.h"

#include "explain/dns_words.h"
#include "explain/fetch_words.h"
#include "explain/policy_words.h"
#include "explain/txt_words.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tlspolicyd {
namespace {

std::string detail_of(const Step& step) { return step.result + ": " + step.detail; }

Step null_mx_step() {
  return {"address", "null_mx", "the domain takes no mail (null MX): no policy is fetched for it", "RFC 7505 section 3",
          ""};
}

// RFC 8461 sections 3.3 and 3.2.
void explain_fetch(std::vector<Step>& steps, const std::string& host, const DiscoveryReport& report) {
  if (auto step = tls_step(*report.fetch)) steps.push_back(std::move(*step));
  steps.push_back(fetch_step(*report.fetch, host));
  if (report.document_fault) steps.push_back(policy_step(*report.document_fault));
  else if (const auto& policy = report.evidence.fetch.policy) steps.push_back(policy_step(*policy, report.notes));
}

}  // namespace

std::vector<Step> explain(const Domain& domain, const DiscoveryReport& report) {
  const std::string host = domain.policy_host();
  std::vector<Step> steps{txt_step(report.txt, report.evidence.txt, report.txt_flaw)};
  if (report.addresses_known) steps.push_back(address_step(host, report.a, report.aaaa, report.usable));
  if (report.null_mx) steps.push_back(null_mx_step());
  if (report.fetch) explain_fetch(steps, host, report);
  return steps;
}

void explain_evidence(const Domain& domain, DiscoveryReport& report) {
  Evidence& seen = report.evidence;
  const bool failed = seen.fetch.state == FetchSeen::State::failed;
  if (seen.txt.state == TxtSeen::State::id && !failed) return;
  const std::vector<Step> steps = explain(domain, report);
  if (seen.txt.state != TxtSeen::State::id) seen.txt.detail = detail_of(steps.front());
  if (failed) seen.fetch.detail = detail_of(steps.back());
}

bool addresses_failed(const DiscoveryReport& report) {
  const bool none = records_of<AddressRdata>(report.a).empty() && records_of<AddressRdata>(report.aaaa).empty();
  return report.addresses_known && none && (report.a.failed() || report.aaaa.failed());
}

std::vector<IpAddress> addresses_of(const DiscoveryReport& report) {
  const auto v6 = records_of<AddressRdata>(report.aaaa), v4 = records_of<AddressRdata>(report.a);
  std::vector<IpAddress> out;
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) out.push_back(v6[i].address);
    if (i < v4.size()) out.push_back(v4[i].address);
  }
  return out;
}

}  // namespace tlspolicyd
