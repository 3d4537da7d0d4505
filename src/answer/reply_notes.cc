#include "answer/reply_notes.h"

#include <algorithm>

#include "base/text.h"

namespace tlspolicyd {
namespace {

// One warning a day and domain, for so many domains at most.
constexpr std::chrono::hours kBetweenWarnings{24};
constexpr std::size_t kMaxDomains = 256;

}  // namespace

void ReplyNotes::on_shed(const Domain& domain, ReplyShed shed) {
  if (shed < ReplyShed::attributes) return;
  const SteadyTime now = clock_.steady();
  std::erase_if(warned_, [&](const auto& seen) { return now - seen.second >= kBetweenWarnings; });
  if (warned_.size() >= kMaxDomains || !warned_.emplace(domain, now).second) return;
  const bool attributes = shed == ReplyShed::attributes;
  log_.warning(LogLine("reply")
                   .with("domain", domain.text())
                   .with("action", attributes ? "sent without mx_host_pattern" : "not enforced")
                   .with("reason", "the policy names too many hosts for max_reply_size")
                   .with("cure", "raise max_reply_size and Postfix's socketmap_max_reply_size"));
}

void ReplyNotes::on_left_out(const Domain& domain, const HopDane* dane, const std::vector<std::string>& hosts) {
  if (dane == nullptr || (hosts.empty() && left_out_.empty())) return;
  const SteadyTime now = clock_.steady();
  std::erase_if(left_out_, [&](const auto& seen) { return now - seen.second.at >= kBetweenWarnings; });
  const std::string next_hop = to_text(dane->hop, domain.text()), names = join(hosts, " ");
  const auto known = left_out_.find(next_hop);
  if ((known == left_out_.end() ? "" : known->second.hosts) == names) return;
  if (known == left_out_.end() && left_out_.size() >= kMaxDomains) return;
  if (hosts.empty()) left_out_.erase(known);
  else left_out_.insert_or_assign(next_hop, LeftOut{names, now});
  LogLine line = LogLine("reply").with("next_hop", next_hop).with("left_out", hosts.empty() ? "none" : names);
  if (!hosts.empty()) line.with("reason", "DNS lookups for these MX hosts fail: mail goes to the others");
  log_.info(line);
}

}  // namespace tlspolicyd
