#include "answer/map_names.h"

#include <algorithm>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kOthers = "(others)";

void log_unknown(Logger& log, std::string_view name, const MapName& means) {
  if (!means.level_known)
    return log.error(
        LogLine("map")
            .with("name", name)
            .with("reason", "after the @ stands no level of Postfix")
            .with("result", "answered as without it")
            .with(
                "fix",
                "write may, encrypt, dane, dane-only, fingerprint, verify or secure after the @ in smtp_tls_policy_maps"));
  log.info(LogLine("map")
               .with("name", name)
               .with("form", "plain")
               .with("fix", "ask QUERY; or the name in tlsrpt_map_name for the attributes of Postfix 3.10"));
}

std::string name_of(std::string_view form, std::size_t level) {
  std::string name(form);
  if (level < kBaseLevels) name.append(1, kBeforeLevel).append(name_of(static_cast<BaseLevel>(level)));
  return name;
}

}  // namespace

bool MapNames::count(std::string_view sent, const MapName& means) {
  if (!means.form_known || !means.level_known) return count_unknown(sent, means), false;
  return known_[static_cast<std::size_t>(means.form)]
               [means.level ? static_cast<std::size_t>(*means.level) : kNoLevel]++ == 0;
}

void MapNames::count_unknown(std::string_view sent, const MapName& means) {
  auto found = unknown_.find(sent);
  const auto alike = [&](const auto& other) { return other.second.means.level_known == means.level_known; };
  const auto known = static_cast<std::size_t>(std::count_if(unknown_.begin(), unknown_.end(), alike));
  if (found == unknown_.end() && known >= kMaxUnknown) return void(++others_);
  if (found == unknown_.end()) {
    found = unknown_.emplace(sent, Seen{printable(sent), means, 0}).first;
    log_unknown(log_, sent, means);
  }
  ++found->second.lookups;
}

std::vector<MapNames::Seen> MapNames::seen(std::string_view tlsrpt_name) const {
  std::vector<Seen> out;
  for (std::size_t form = 0; form < kForms; ++form)
    for (std::size_t level = 0; level <= kNoLevel; ++level) {
      if (known_[form][level] == 0) continue;
      MapName means{.form = static_cast<MapForm>(form), .level = {}};
      if (level < kNoLevel) means.level = static_cast<BaseLevel>(level);
      out.push_back(
          {name_of(means.form == MapForm::plain ? kPlainMapName : tlsrpt_name, level), means, known_[form][level]});
    }
  for (const auto& [sent, seen] : unknown_) out.push_back(seen);
  if (others_ > 0) out.push_back({std::string(kOthers), {.form_known = false, .level = {}}, others_});
  return out;
}

bool MapNames::seen(MapForm form) const {
  const auto& counts = known_[static_cast<std::size_t>(form)];
  return std::any_of(counts.begin(), counts.end(), [](std::uint64_t count) { return count > 0; });
}

}  // namespace tlspolicyd
