// Arguments, configuration, and which task.
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "tlspolicyd/commands.h"
#include "config/check.h"
#include "config/describe.h"
#include "process/log_sink.h"
#include "net/descriptors.h"
#include "tlspolicyd/options.h"
#include "process/out_of_memory.h"
#include "tlspolicyd/serve.h"
#include "tlspolicyd/start_check.h"
#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

// Returns the exit code.
int tell(const std::vector<ConfigError>& faults, LogSink& log) {
  int code = kExitOk;
  for (const ConfigError& fault : faults) {
    log.write(fault.warning ? LogLevel::warning : LogLevel::error, to_text(fault));
    if (!fault.warning) code = kExitConfig;
  }
  return code;
}

bool is_refused(const std::vector<ConfigError>& faults) {
  return std::any_of(faults.begin(), faults.end(), [](const ConfigError& fault) { return !fault.warning; });
}

int run_configured(const Options& options, LogSink& log) {
  const ConfigResult config = load_config(options.config);
  if (!config) return tell(config.error(), log);
  const SystemClock clock;
  if (options.task != Task::daemon && options.task != Task::test_config && options.task != Task::changed) {
    log.configure(LogTarget::standard_error, more_verbose(LogLevel::warning, options.verbosity));
    return run_command(options, *config, clock, log);
  }
  if (options.task == Task::changed) {
    std::cout << describe_changed(*config);
    return kExitOk;
  }
  auto faults = check_machine(*config);
  if (options.task == Task::test_config) check_start(*config, faults);
  locate(faults, options.config);
  if (options.task == Task::test_config || is_refused(faults)) return tell(faults, log);
  log.configure(config->log, more_verbose(config->log_level, options.verbosity));
  tell(faults, log);
  return serve(options, *config, clock, log);
}

int run_task(const std::vector<std::string>& arguments, LogSink& log) {
  const Result<Options> options = parse_options(arguments);
  if (!options) {
    std::cerr << "tlspolicyd: " << shown(options.error().text) << "\n" << usage_text();
    return kExitUsage;
  }
  switch (options->task) {
    case Task::version: std::cout << version_text(); return kExitOk;
    case Task::help: std::cout << help_text(); return kExitOk;
    case Task::defaults: std::cout << describe_defaults(); return kExitOk;
    default: return run_configured(*options, log);
  }
}

// What the system refuses for good: a thread, an event loop, memory that a library asked for.
int run(const std::vector<std::string>& arguments, LogSink& log) {
  try {
    return run_task(arguments, log);
  } catch (const std::exception& refused) {
    log.write(LogLevel::error, refused.what());
    return kExitOsError;
  }
}

}  // namespace
}  // namespace tlspolicyd

int main(int argc, char** argv) {
  tlspolicyd::open_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(); a peer that hangs up is an error value
  tlspolicyd::LogSink log(tlspolicyd::stderr_is_journal());
  tlspolicyd::end_when_memory_runs_out(log);
  return tlspolicyd::run(std::vector<std::string>(argv + 1, argv + argc), log);
}
