// Which map names Postfix asks under, and how often; mistakes in them are logged. Answer loop only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "postfix/map_name.h"

namespace tlspolicyd {

class MapNames {
 public:
  struct Seen {
    std::string name;
    MapName means;
    std::uint64_t lookups = 0;
  };

  explicit MapNames(Logger& log) : log_(log) {}

  // `sent`: as in the lookup. True for the first with this form and level, both known.
  bool count(std::string_view sent, const MapName& means);

  // Those with known form and level first, the first kMaxUnknown others of each kind, and the rest under one name.
  [[nodiscard]] std::vector<Seen> seen(std::string_view tlsrpt_name) const;
  [[nodiscard]] bool seen(MapForm form) const;

  // Clients choose the names. More than these of each kind, of unknown form and of unknown level, would say
  // nothing new.
  static constexpr std::size_t kMaxUnknown = 16;

 private:
  static constexpr std::size_t kForms = 2, kNoLevel = kBaseLevels;

  void count_unknown(std::string_view sent, const MapName& means);

  Logger& log_;
  std::array<std::array<std::uint64_t, kBaseLevels + 1>, kForms> known_{};
  std::map<std::string, Seen, std::less<>> unknown_;
  std::uint64_t others_ = 0;
};

}  // namespace tlspolicyd
