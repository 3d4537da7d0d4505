// The reply that a cache entry stands for: the one rule for Postfix, listings and `-q`.
// Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "postfix/policy_reply.h"
#include "sts/entry.h"

namespace tlspolicyd {

// `dns_error_is_temp`: TEMP instead of NOTFOUND where TXT could not be read and no policy
// applies.
[[nodiscard]] std::string entry_reply(const Entry& entry, LifeTime now, MapForm form,
                                      const ReplyOptions& options, bool dns_error_is_temp);

// The same, telling what max_reply_size cost it.
[[nodiscard]] PlannedReply plan_entry_reply(const Entry& entry, LifeTime now, MapForm form,
                                            const ReplyOptions& options, bool dns_error_is_temp);

}  // namespace tlspolicyd
