// The reply that a cache entry stands for: the one rule for Postfix, listings and `-q`.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dane/hop_dane.h"
#include "postfix/next_hop.h"
#include "postfix/policy_reply.h"
#include "postfix/security_level.h"
#include "sts/entry.h"

namespace tlspolicyd {

[[nodiscard]] HopKey hop_of(const NextHop& next_hop);
// Null where nothing is known; `entry` may be null.
[[nodiscard]] const HopDane* dane_of(const Entry* entry, const HopKey& hop);

struct ReplyRules {
  ReplyOptions reply;
  BaseLevel level = BaseLevel::unknown;  // of the client that asks
  // DANE precedence (RFC 8461 section 2): the client is at level dane, asks with
  // DNSSEC, and the resolver validates. Else MTA-STS alone decides.
  bool dane_active = false;
  PrecedenceOptions precedence;  // dns_error_reply holds in any case
};

// Whether the next hop must be looked up, or again, to answer for this entry. `entry` null:
// nothing is known.
[[nodiscard]] DaneNeed dane_need(const Entry* entry, const HopDane* dane, LifeTime now, const ReplyRules& rules);

// What a reply lacks, for the log.
struct ReplyLoss {
  ReplyShed shed = ReplyShed::nothing;  // to max_reply_size
  std::vector<std::string> left_out;    // MX hosts that the policy allows in vain, since their DNS lookups fail
};

// Appends the payload. `dane`: what is known of the next hop; null: nothing. Only asked where DANE is active.
ReplyLoss append_entry_reply(std::string& out, const Entry& entry, const HopDane* dane, LifeTime now, MapForm form,
                             const ReplyRules& rules);

// The same for one next hop, else the entry's own domain, and in one word what it means, for views:
// "secure", "dane", "temp" or "none". NOTFOUND is "dane" where Postfix's own DANE has something
// to decide. A DANE status past its time counts as if it were found again; where none is known or it is too
// old, DANE is left out of account.
struct EntryReply {
  std::string payload;
  std::string_view verdict;
};
[[nodiscard]] EntryReply entry_reply(const Entry& entry, LifeTime now, MapForm form, ReplyRules rules,
                                     const HopKey& hop = {});

}  // namespace tlspolicyd
