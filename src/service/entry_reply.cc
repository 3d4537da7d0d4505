#include "service/entry_reply.h"

#include "sts/decide.h"

namespace tlspolicyd {

std::string entry_reply(const Entry& entry, LifeTime now, MapForm form, const ReplyOptions& options,
                        bool dns_error_is_temp) {
  const HeldPolicy* applies = assess(&entry, now).applies;
  if (applies == nullptr && entry.txt_unknown && dns_error_is_temp)
    return temp_reply("MTA-STS record of " + entry.domain.text() + " cannot be looked up");
  return policy_reply(entry.domain, applies != nullptr ? &applies->policy : nullptr, form, options);
}

}  // namespace tlspolicyd
