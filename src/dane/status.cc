#include "dane/status.h"

#include <algorithm>
#include <array>

namespace tlspolicyd {
namespace {

constexpr std::array<std::string_view, 6> kMxWords{"signed", "unsigned",    "failed",
                                                   "null",   "none_signed", "none_unsigned"};
constexpr std::array<std::string_view, 4> kStateWords{"usable", "unusable", "none", "failed"};

struct Finding {
  HostState state;
  std::string_view word;
};
constexpr std::array<Finding, kHostFindings> kFindings{{
    {HostState::usable, "tlsa_usable"},
    {HostState::unusable, "tlsa_unusable"},
    {HostState::none, "tlsa_absent"},
    {HostState::none, "tlsa_insecure"},
    {HostState::none, "address_insecure"},
    {HostState::none, "address_absent"},
    {HostState::failed, "address_failed"},
    {HostState::failed, "alias_failed"},
    {HostState::failed, "tlsa_failed"},
    {HostState::failed, "unanswered"},
}};

}  // namespace

std::string_view name_of(MxState state) { return kMxWords[static_cast<std::size_t>(state)]; }

std::optional<MxState> parse_mx_state(std::string_view word) {
  const auto found = std::find(kMxWords.begin(), kMxWords.end(), word);
  if (found == kMxWords.end()) return std::nullopt;
  return static_cast<MxState>(found - kMxWords.begin());
}

std::string_view name_of(HostState state) { return kStateWords[static_cast<std::size_t>(state)]; }

HostState state_of(HostFinding finding) { return kFindings[static_cast<std::size_t>(finding)].state; }

bool DaneHost::has_dane(LifeTime now) const {
  if (state() != HostState::failed) return state() == HostState::usable;
  return last_usable && now - *last_usable <= kDaneRemembered;
}

std::string_view name_of(HostFinding finding) { return kFindings[static_cast<std::size_t>(finding)].word; }

std::optional<HostFinding> parse_host_finding(std::string_view word) {
  const auto found =
      std::find_if(kFindings.begin(), kFindings.end(), [&](const Finding& each) { return each.word == word; });
  if (found == kFindings.end()) return std::nullopt;
  return static_cast<HostFinding>(found - kFindings.begin());
}

}  // namespace tlspolicyd
