// What the log says once about replies, and not with each of them. Answer loop only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "dane/hop_dane.h"
#include "postfix/policy_reply.h"
#include "sts/domain.h"

namespace tlspolicyd {

class ReplyNotes {
 public:
  ReplyNotes(Logger& log, const Clock& clock) : log_(log), clock_(clock) {}

  // max_reply_size cost a reply of `domain` what Postfix enforces by.
  void on_shed(const Domain& domain, ReplyShed shed);

  // These MX hosts of the next hop get no mail, since their DNS lookups fail; empty: none. Logged when
  // they change. `dane` null: no host is known.
  void on_left_out(const Domain& domain, const HopDane* dane, const std::vector<std::string>& hosts);

 private:
  Logger& log_;
  const Clock& clock_;
  struct LeftOut {
    std::string hosts;
    SteadyTime at;
  };

  std::map<Domain, SteadyTime> warned_;
  std::map<std::string, LeftOut, std::less<>> left_out_;  // by next hop
};

}  // namespace tlspolicyd
