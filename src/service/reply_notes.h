// What the log says once about replies, and not with each of them. Answer loop only.
#pragma once

#include <map>
#include <set>
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

  // Postfix asks under a name that is not in our examples: it gets the plain form, and
  // whoever mistyped the name of the other form learns why.
  void on_unknown_map(std::string_view name);

  // max_reply_size cost a reply of `domain` what Postfix enforces by.
  void on_shed(const Domain& domain, ReplyShed shed);

  // These MX hosts of the next hop get no mail, since their DNS lookups fail; empty: none. Logged when
  // they change. `dane` null: no host is known.
  void on_left_out(const Domain& domain, const HopDane* dane, const std::vector<std::string>& hosts);

 private:
  Logger& log_;
  const Clock& clock_;
  std::set<std::string, std::less<>> maps_;
  struct LeftOut {
    std::string hosts;
    SteadyTime at;
  };

  std::map<Domain, SteadyTime> warned_;
  std::map<std::string, LeftOut, std::less<>> left_out_;  // by next hop
};

}  // namespace tlspolicyd
