// What the log and the counters say about a finished discovery. Changes are logged,
// steady state is counted.
#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "discover/discovery.h"
#include "sts/decide.h"

namespace tlspolicyd {

// Counters: txt{state}, fetch{ok or an RFC 8460 result type}, fetch_fault{what was wrong on
// the way to the document}, refresh{ok,fail}.
void count_discovery(Metrics& metrics, const DiscoveryReport& report, Purpose purpose);

// At most one info line, where the policy or the reason for having none changed, and one for each
// oddity of a document that is new or has changed; the rest goes to debug. `before` null: nothing
// was known.
void log_discovery(Logger& log, const Entry* before, const Entry& after, const DiscoveryReport& report);

// The policy of `entry` has ended.
void log_lapsed(Logger& log, const Entry& entry);

// RFC 8461 section 10.2: a live policy cannot be refreshed.
void log_failing(Logger& log, const Entry& entry, LifeTime now);

}  // namespace tlspolicyd
