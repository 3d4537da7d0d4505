#include "tlspolicyd/commands.h"

#include <sys/resource.h>
#include <unistd.h>

#include <iostream>

#include "store/sqlite/sqlite_store.h"
#include "cli/cache.h"
#include "cli/purge.h"
#include "cli/query.h"
#include "cli/status.h"
#include "tlspolicyd/confined_query.h"
#include "postconf/postfix_level.h"
#include "tlspolicyd/settings.h"
#include "store/sqlite/store_owner.h"

namespace tlspolicyd {
namespace {

constexpr const char* kMemoryOnly = "the cache is in memory only";

Result<std::shared_ptr<SqliteStore>> open_store(const Config& config, SqliteStore::Mode mode, const Clock& clock,
                                                Logger& log) {
  const std::string& path = config.cache.sqlite_path;
  if (path.empty()) return fail(kMemoryOnly);
  const auto may_open = mode == SqliteStore::Mode::existing ? become_store_owner(path) : Result<void>();
  if (!may_open) return tl::unexpected(may_open.error());
  auto opened = SqliteStore::open(path, mode, {clock, log});
  if (!opened) return tl::unexpected(opened.error());
  return std::shared_ptr<SqliteStore>(std::move(opened->store));
}

Cli::OpenStore store_opener(const Config& config, SqliteStore::Mode mode, const Clock& clock, Logger& log) {
  return [&config, mode, &clock, &log]() -> Result<std::shared_ptr<Store>> {
    return open_store(config, mode, clock, log);
  };
}

Cli::EmptyStore store_emptier(const Config& config, const Clock& clock, Logger& log) {
  return [&config, &clock, &log] {
    const auto store = open_store(config, SqliteStore::Mode::existing, clock, log);
    return store ? (*store)->erase_all() : Result<std::size_t>(tl::unexpected(store.error()));
  };
}

// As the daemon would find it, so that the replies shown are those that Postfix gets.
PostfixTls level_of(const Config& config) {
  if (const auto level = fixed_level(config)) return *level;
  const PostconfAnswers answers = run_postconf({.config_directory = config.postfix_config_directory});
  const auto tls = answers.level.and_then([](const std::string& text) { return parse_postconf(text); });
  return tls.value_or(PostfixTls{});
}

// Whether the resolver validates is not asked here: AD counts as seen until it is.
Serving serving_of(const Config& config) {
  const PostfixTls tls = level_of(config);
  return {true, tls.level, tls.dnssec && tls.level == BaseLevel::dane};
}

void confine(const Config& config) {
  const std::string told = confine_query(config);
  if (!told.empty()) std::cerr << "tlspolicyd: warning: -q " << told << std::endl;
}

// No log for the CA files: once root is given up it might not read them again, and need not.
QueryOptions query_options(const Config& config, const PolicyService::Options& serving, Logger& log) {
  const Learner::Options learning = learner_options(config);
  QueryOptions options;
  options.dns = dns_options(config);
  options.dane_dns = dane_dns_options(config);
  options.dane_dns.when_none_validates = ResolverTrials::WhenNone::ask_all;  // what it says is to be seen
  options.https = https_options(config, log);
  options.https.threads = 1;
  options.https.log = nullptr;
  options.https.before_threads = [&config] { confine(config); };
  options.diagnosis = {learning.discovery, learning.sts, serving.rules, config.dane_canary};
  return options;
}

// A listing of a million entries keeps a processor busy, which the daemon may want.
int list_in_background(const Cli& cli) {
  constexpr int kNicer = 10;
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kNicer);
  return list_cache(cli);
}

}  // namespace

int run_command(const Options& options, const Config& config, const Clock& clock, LogSink& log) {
  const Terminal terminal{std::cout, std::cerr, isatty(STDERR_FILENO) != 0, isatty(STDOUT_FILENO) != 0};
  const bool shows_replies = options.task == Task::query || options.task == Task::cache;
  const PolicyService::Options serving = service_options(config, shows_replies ? serving_of(config) : Serving{});
  const Cli cli{terminal,
                clock,
                options.json,
                config.control_socket,
                store_opener(config, SqliteStore::Mode::read_only, clock, log),
                store_opener(config, SqliteStore::Mode::existing, clock, log),
                store_emptier(config, clock, log),
                serving.rules};
  switch (options.task) {
    case Task::query: return query(cli, query_options(config, serving, log), options.domain);
    case Task::cache: return options.domain.empty() ? list_in_background(cli) : show_cached(cli, options.domain);
    case Task::purge: return purge(cli, options.domain);
    case Task::purge_all: return purge_all(cli);
    case Task::status: return show_status(cli);
    default: return kExitSoftware;  // main() handles the others itself
  }
}

}  // namespace tlspolicyd
