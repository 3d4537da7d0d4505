#include "service/entry_reply.h"

#include "sts/decide.h"

namespace tlspolicyd {

PlannedReply plan_entry_reply(const Entry& entry, LifeTime now, MapForm form,
                              const ReplyOptions& options, bool dns_error_is_temp) {
  const HeldPolicy* applies = assess(&entry, now).applies;
  if (applies == nullptr && entry.txt_unknown && dns_error_is_temp)
    return {temp_reply("MTA-STS record of " + entry.domain.text() + " cannot be looked up"),
            ReplyShed::nothing};
  return plan_policy_reply(entry.domain, applies != nullptr ? &applies->policy : nullptr, form, options);
}

std::string entry_reply(const Entry& entry, LifeTime now, MapForm form, const ReplyOptions& options,
                        bool dns_error_is_temp) {
  return plan_entry_reply(entry, now, form, options, dns_error_is_temp).payload;
}

}  // namespace tlspolicyd
