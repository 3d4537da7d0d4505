// The command line as a value. A pure function of the arguments, save that getopt keeps
// its state in globals: main thread only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config_file.h"

namespace tlspolicyd {

// sysexits(3), as far as this program uses them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitAbsent = 1;  // --cache, --purge: no such entry
inline constexpr int kExitUsage = 64;
inline constexpr int kExitNotADomain = 65;
inline constexpr int kExitUnavailable = 69;  // neither daemon nor store
inline constexpr int kExitSoftware = 70;
inline constexpr int kExitOsError = 71;
inline constexpr int kExitTempFail = 75;
inline constexpr int kExitNoPermission = 77;
inline constexpr int kExitConfig = 78;

enum class Task {
  daemon,
  test_config,
  defaults,
  changed,
  query,
  cache,
  purge,
  purge_all,
  status,
  version,
  help,
};

struct Options {
  Task task = Task::daemon;
  ConfigSource config;  // -c and -o
  std::string domain;   // of -q, --purge and, where given, --cache
  bool json = false;
  int verbosity = 0;  // how many -v
};

// `arguments` without the program's name. Fails for whatever is not in the manual; then
// show the reason and usage_text() on stderr and exit with kExitUsage.
[[nodiscard]] Result<Options> parse_options(const std::vector<std::string>& arguments);

[[nodiscard]] std::string usage_text();    // some lines
[[nodiscard]] std::string help_text();     // usage, each flag, each parameter; 80 columns
[[nodiscard]] std::string version_text();  // "tlspolicyd 0.1.0\n"

// `level`, one further for each -v.
[[nodiscard]] LogLevel more_verbose(LogLevel level, int verbosity);

}  // namespace tlspolicyd
