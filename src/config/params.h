// THE table of parameters. The file parser, -o, -d, -n, --help and the parameter block
// of tlspolicyd.conf(5) are loops over it; nothing about a parameter is said elsewhere.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "config/config.h"

namespace tlspolicyd {

// How a value is written; what it becomes is the type of `field`.
enum class Notation {
  word,         // one of `words`, or for a plain string any word without blanks
  map_name,     // a word without "@"
  path,         // absolute, or empty
  system_path,  // absolute, or "system", which is kept as empty
  socket_path,  // absolute and short enough for a socket, or empty
  duration,
  size,
  count,
  octal,
  yes_no,
  listen,
  resolvers,
  question,
  cache,
};

struct Param {
  using Field = std::variant<std::string Config::*, seconds Config::*, std::uint64_t Config::*, std::uint32_t Config::*,
                             bool Config::*, TrustAd Config::*, DaneReply Config::*, DaneMixedReply Config::*,
                             DnsErrorReply Config::*, LogTarget Config::*, LogLevel Config::*,
                             std::vector<ListenAddress> Config::*, std::vector<Resolver> Config::*,
                             DnsQuestion Config::*, CacheChoice Config::*>;

  std::string_view name;
  std::string_view fallback;  // the default, written as an operator would write it
  Field field;
  Notation notation;
  std::int64_t min = 0, max = 0;  // inclusive, of seconds, octets or counts; ignored for the rest
  std::string_view words;         // between blanks; for an enum in the order of its enumerators
  bool reloadable = true;         // SIGHUP is enough
  std::string_view help;          // sentences
};

[[nodiscard]] std::span<const Param> params();
[[nodiscard]] const Param* find_param(std::string_view name);  // null: no such parameter

// All parameters at their fallbacks.
[[nodiscard]] Config default_config();

}  // namespace tlspolicyd
