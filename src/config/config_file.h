// Reads the configuration: defaults, then the file, then what -o says. The notation is
// that of main.cf: `name = value`; a line that begins with a blank goes on with the value
// before it; lines that are blank or whose first sign is '#' count for nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/params.h"

namespace tlspolicyd {

inline constexpr const char* kDefaultConfigFile = "/etc/tlspolicyd/tlspolicyd.conf";

struct ConfigError {
  std::string where;      // file, or "-o"
  int line = 0;           // 0: the whole
  std::string parameter;  // "": none in particular
  std::string what;
  std::string cure;      // "": evident
  bool warning = false;  // the daemon starts all the same
};

// "FILE:LINE: PARAMETER: WHAT; CURE", in one line, printable.
[[nodiscard]] std::string to_text(const ConfigError& error);

// One `name = value` as written, not yet looked up in the table.
struct Setting {
  std::string name, value;
  std::string where;
  int line = 0;
};

struct ParsedText {
  std::vector<Setting> settings;
  std::vector<ConfigError> errors;  // of notation only
};

// Pure.
[[nodiscard]] ParsedText parse_config_text(std::string_view text, const std::string& where);

struct ConfigSource {
  std::string file = kDefaultConfigFile;
  bool file_required = false;          // it was named: its absence is an error
  std::vector<std::string> overrides;  // "name=value"; the last of one name counts
};

// All that is wrong, not only the first.
using ConfigResult = tl::expected<Config, std::vector<ConfigError>>;

// Pure: applies to the defaults what was read. Errors of notation are passed on.
[[nodiscard]] ConfigResult build_config(ParsedText file, const std::vector<std::string>& overrides);

// Reads the file too. Does not look at the rest of the machine: see config/check.h.
[[nodiscard]] ConfigResult load_config(const ConfigSource& source);

// Fills in where the parameter was set, for errors that show only later.
void locate(std::vector<ConfigError>& errors, const ConfigSource& source);

}  // namespace tlspolicyd
