#include "base/metrics.h"

namespace tlspolicyd {

std::uint64_t& Metrics::counter(std::string_view name, std::string_view label) {
  auto family = families_.find(name);
  if (family == families_.end()) family = families_.emplace(name, Family{}).first;
  const auto entry = family->second.find(label);
  if (entry != family->second.end()) return entry->second;
  return family->second.emplace(label, 0).first->second;
}

std::uint64_t Metrics::value(std::string_view name, std::string_view label) const {
  const auto family = families_.find(name);
  if (family == families_.end()) return 0;
  const auto entry = family->second.find(label);
  return entry == family->second.end() ? 0 : entry->second;
}

}  // namespace tlspolicyd
