// The diagnosis that `-q` shows: every step from the TXT record to the reply. A value;
// cli/ fills it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "dnsdata/dns_answer.h"
#include "explain/step.h"
#include "fetch/https.h"
#include "sts/policy.h"
#include "view/entry_view.h"

namespace tlspolicyd {

struct Explanation {
  EntryView entry;           // as the daemon would cache it now, knowing nothing before
  std::string reply_tlsrpt;  // payload for the TLSRPT map name
  DnsAnswer txt;
  std::optional<std::string> txt_id;  // if TXT announces a policy
  std::vector<IpAddress> addresses;   // of the policy host
  std::optional<FetchOutcome> fetch;  // if a GET was made
  std::vector<PolicyLine> lines;      // of the document, if there is one
  std::vector<std::string> notes;     // oddities in it that were tolerated
  std::vector<Step> steps;            // in order; the last is the verdict
};

}  // namespace tlspolicyd
