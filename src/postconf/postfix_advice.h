// What is wrong in the settings of the Postfix served, as far as they concern its lookups here. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "postfix/map_name.h"
#include "postconf/postfix_setup.h"

namespace tlspolicyd {

// What postconf does not say.
struct ServedHere {
  PostfixTls level;                 // assumed for map names without a level
  std::vector<std::string> listen;  // "inet:127.0.0.1:8461", "unix:/run/tlspolicyd/socket"
  std::string tlsrpt_map_name;
  std::vector<MapForm> forms_seen;  // in lookups: they count where no map of Postfix leads here by what it says
};

// A map of Postfix that leads to one of our sockets.
struct OwnMap {
  std::string map;  // "socketmap:inet:127.0.0.1:8461:QUERY", without proxy: before it
  MapName means;

  [[nodiscard]] std::string with_level(BaseLevel level) const;
  [[nodiscard]] std::string name() const;  // "QUERY"
};

// The first of ours in smtp_tls_policy_maps.
[[nodiscard]] std::optional<OwnMap> own_map(std::string_view policy_maps, const ServedHere& here);

// One warning each, with its fix.
[[nodiscard]] std::vector<LogLine> advise(const PostfixSetup& setup, const ServedHere& here);

}  // namespace tlspolicyd
