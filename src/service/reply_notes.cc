#include "service/reply_notes.h"

namespace tlspolicyd {
namespace {

// Who asks chooses the names; more than these tell nothing new.
constexpr std::size_t kMaxMaps = 16;

// One warning a day and domain, for so many domains at most.
constexpr std::chrono::hours kBetweenWarnings{24};
constexpr std::size_t kMaxDomains = 256;

}  // namespace

void ReplyNotes::on_unknown_map(std::string_view name) {
  if (maps_.size() >= kMaxMaps || maps_.find(name) != maps_.end()) return;
  maps_.emplace(name);
  log_.info(LogLine("map").with("name", name).with("form", "plain").with(
      "cure", "ask QUERY; or the name in tlsrpt_map_name for the attributes of Postfix 3.10"));
}

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

}  // namespace tlspolicyd
