#include "postfix/security_level.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::array kLevels{
    std::pair{BaseLevel::unknown, std::string_view("unknown")},
    std::pair{BaseLevel::none, std::string_view("none")},
    std::pair{BaseLevel::may, std::string_view("may")},
    std::pair{BaseLevel::encrypt, std::string_view("encrypt")},
    std::pair{BaseLevel::dane, std::string_view("dane")},
    std::pair{BaseLevel::dane_only, std::string_view("dane-only")},
    std::pair{BaseLevel::fingerprint, std::string_view("fingerprint")},
    std::pair{BaseLevel::verify, std::string_view("verify")},
    std::pair{BaseLevel::secure, std::string_view("secure")},
};
static_assert(kLevels.size() == kBaseLevels);

}  // namespace

std::string_view name_of(BaseLevel level) { return kLevels[static_cast<std::size_t>(level)].second; }

std::optional<BaseLevel> parse_base_level(std::string_view word) {
  if (word.empty()) return BaseLevel::none;
  for (const auto& [level, known] : kLevels)
    if (level != BaseLevel::unknown && equals_ignoring_case(word, known)) return level;
  return std::nullopt;
}

}  // namespace tlspolicyd
