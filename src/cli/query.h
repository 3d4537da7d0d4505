// `-q`: finds out a domain's policy now, without a daemon and without its cache, and
// tells how. On a loop of its own. The caller confines the process in
// QueryOptions::https.before_threads.
#pragma once

#include <string_view>

#include "cli/cli.h"
#include "cli/diagnosis.h"
#include "dns/dns_client.h"
#include "fetch/https_client.h"

namespace tlspolicyd {

struct QueryOptions {
  DnsClient::Options dns, dane_dns;
  HttpsOptions https;
  DiagnosisOptions diagnosis;
};

// `key`: see postfix/key.h. Returns an exit code. SIGPIPE must be ignored.
int query(const Cli& cli, const QueryOptions& options, std::string_view key);

}  // namespace tlspolicyd
