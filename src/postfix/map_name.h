// The socketmap names under which Postfix asks: QUERY, QUERYwithTLSRPT, and either with the level of
// the client that asks, as in QUERY@dane. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "postfix/policy_reply.h"
#include "postfix/security_level.h"

namespace tlspolicyd {

inline constexpr std::string_view kPlainMapName = "QUERY";
inline constexpr char kBeforeLevel = '@';

struct MapName {
  MapForm form = MapForm::plain;
  bool form_known = true;          // false: a name of nobody's, which counts as plain
  std::optional<BaseLevel> level;  // empty: that of main.cf
  bool level_known = true;         // false: after the @ stands no level of Postfix, so it counts as none

  friend bool operator==(const MapName&, const MapName&) = default;
};

// Names and levels are compared without case. `tlsrpt_name`: the name of the form tlsrpt; empty: none.
[[nodiscard]] MapName parse_map_name(std::string_view name, std::string_view tlsrpt_name);

}  // namespace tlspolicyd
