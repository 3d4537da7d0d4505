// Arguments, configuration, and which task.
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "commands.h"
#include "config/check.h"
#include "config/describe.h"
#include "log_sink.h"
#include "net/descriptors.h"
#include "options.h"
#include "out_of_memory.h"
#include "serve.h"
#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

int refuse(const std::vector<ConfigError>& errors, LogSink& log) {
  for (const ConfigError& error : errors) log.write(LogLevel::error, "fatal: " + to_text(error));
  return kExitConfig;
}

int run_configured(const Options& options, LogSink& log) {
  const ConfigResult config = load_config(options.config);
  if (!config) return refuse(config.error(), log);
  const SystemClock clock;
  if (options.task != Task::daemon && options.task != Task::test_config && options.task != Task::changed) {
    log.configure(LogTarget::standard_error, more_verbose(LogLevel::warning, options.verbosity));
    return run_command(options, *config, clock, log);
  }
  if (options.task == Task::changed) {
    std::cout << describe_changed(*config);
    return kExitOk;
  }
  auto errors = check_machine(*config);
  locate(errors, options.config);
  if (!errors.empty()) return refuse(errors, log);
  if (options.task == Task::test_config) return kExitOk;
  log.configure(config->log, more_verbose(config->log_level, options.verbosity));
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
    log.write(LogLevel::error, std::string("fatal: ") + refused.what());
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
