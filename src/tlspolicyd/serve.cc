#include "tlspolicyd/serve.h"

#include <unistd.h>
#include <algorithm>
#include <optional>

#include "store/sqlite/sqlite_store.h"
#include "tlspolicyd/daemon.h"
#include "tlspolicyd/default_folder.h"
#include "process/capabilities.h"
#include "net/descriptors.h"
#include "dns/link/dns_hub.h"
#include "listen/inherited_listeners.h"
#include "process/privileges.h"
#include "process/syscall_filter.h"
#include "process/pid_file.h"
#include "tlspolicyd/settings.h"
#include "store/sqlite/store_obstacle.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kReservedDescriptors = 64;  // besides connections, look-ups and fetches
// Threads and processes of the daemon's user. With fetch_threads at its most the daemon has 67
// threads, and postconf_runner and postconf are two more; the rest is for what else that user runs.
constexpr std::size_t kMostProcesses = 512;

int fatal(LogSink& log, const Error& error, int code) {
  log.write(LogLevel::error, error.text);
  return code;
}

// Who set `listen` waits for Postfix there, and nobody answers.
void warn_of_ignored(const Config& config, const std::vector<ListeningSocket>& inherited, LogSink& log) {
  if (config.listen == default_config().listen) return;
  const auto is_passed = [&](const ListenAddress& address) {
    return std::any_of(inherited.begin(), inherited.end(),
                       [&](const ListeningSocket& one) { return one.name == to_text(address); });
  };
  for (const ListenAddress& address : config.listen)
    if (!is_passed(address))
      log.warning(LogLine("listen")
                      .with("address", to_text(address))
                      .with("result", "ignored: systemd passes the sockets")
                      .with("cure", "name it as ListenStream= in tlspolicyd.socket or remove it from listen"));
}

Result<std::vector<ListeningSocket>> open_maps(const Config& config, LogSink& log) {
  auto inherited = inherited_listeners();
  if (inherited && !inherited->empty()) warn_of_ignored(config, *inherited, log);
  if (!inherited || !inherited->empty()) return inherited;
  std::vector<ListeningSocket> sockets;
  for (const ListenAddress& address : config.listen) {
    auto opened = open_listener(address, {config.socket_mode, config.socket_group});
    if (!opened) return opened;
    if (!is_reachable(address))
      log.warning(LogLine("listen").with("address", to_text(address)).with("reason", kUnreachable));
    std::move(opened->begin(), opened->end(), std::back_inserter(sockets));
  }
  return sockets;
}

void prepare_folders(const Config& config, const Account* account) {
  const Config defaults = default_config();
  if (config.control_socket == defaults.control_socket) prepare_default_folder(config.control_socket, account);
  if (config.cache.sqlite_path == defaults.cache.sqlite_path) prepare_default_folder(config.cache.sqlite_path, account);
}

// The store itself tells what failed and not why, and may succeed later.
void warn_of_store(const Config& config, LogSink& log) {
  const std::string& path = config.cache.sqlite_path;
  const auto obstacle = path.empty() ? std::nullopt : store_obstacle(path);
  if (obstacle)
    log.warning(LogLine("store").with("path", path).with("reason", obstacle->what).with("cure", obstacle->cure));
}

// Fatal where it cannot be had: a daemon may live behind it, and --purge must reach the
// one that serves. The daemon's user is to reach it, too, whoever opens it.
Result<std::optional<ListeningSocket>> open_control(const Config& config, const Account* owner, LogSink& log) {
  if (config.control_socket.empty()) return std::nullopt;
  auto opened = open_listener({.path = config.control_socket}, {0600, ""});
  if (!opened) return fail("control_socket: " + opened.error().text);
  const auto given = owner != nullptr ? give_socket(config.control_socket, owner->uid, owner->gid) : Result<void>();
  if (!given)
    log.warning(LogLine("control_socket").with("reason", given.error().text).with("result", "only root can use it"));
  return std::optional(std::move(opened->front()));
}

Result<std::optional<Account>> find_user(const Config& config) {
  if (config.user.empty()) return std::nullopt;
  return find_account(config.user, config.group).map([](Account account) { return std::optional(std::move(account)); });
}

Result<void> give_up_rights(const std::optional<Account>& account) {
  empty_bounding_set();
  const Result<void> became = account ? become(*account) : Result<void>();
  return became.and_then(give_up_capabilities).and_then(give_up_gains);
}

PostconfRunner start_postconf_runner(const std::optional<Account>& account, LogSink& log) {
  auto runner = PostconfRunner::start([&] {
    const bool done = give_up_rights(account).has_value();
    static_cast<void>(bound_processes(kMostProcesses));  // where there is no room the daemon says so
    return done;
  });
  if (runner) return std::move(*runner);
  log.warning(LogLine("postconf")
                  .with("reason", runner.error().text)
                  .with("result", "postfix_security_level = auto cannot be found out"));
  return {};
}

void warn_of_root(LogSink& log) {
  if (const std::string warning = root_warning(); !warning.empty()) log.write(LogLevel::warning, warning);
}

void bound_processes_or_warn(LogSink& log) {
  if (bound_processes(kMostProcesses)) return;
  log.warning(
      LogLine("limits")
          .with("processes", "unlimited")
          .with("reason", "this user runs more than " + std::to_string(kMostProcesses) + " already, or may run none")
          .with("cure", "set user to one that nothing else uses"));
}

// Serving without is better than not serving.
void confine(LogSink& log) {
  if (const auto done = TLSPOLICYD_CONFINED ? confine_server() : fail("this is a build with a sanitizer"); !done)
    log.warning(LogLine("syscall_filter").with("reason", done.error().text).with("result", "serving without it"));
}

// A store that cannot be used is no reason not to serve: from memory, with one error.
std::shared_ptr<Store> open_store(const Config& config, const Clock& clock, LogSink& log) {
  if (config.cache.sqlite_path.empty()) return nullptr;
  auto opened =
      SqliteStore::open(config.cache.sqlite_path, SqliteStore::Mode::read_write, {clock, log, config.store_max_size});
  if (opened) return std::move(opened->store);
  log.error(LogLine("store")
                .with("path", config.cache.sqlite_path)
                .with("reason", opened.error().text)
                .with("result", "policies are kept in memory only"));
  return nullptr;
}

void raise_limit(const Config& config, LogSink& log) {
  const DescriptorLimit limit = raise_descriptor_limit();
  const std::size_t reserved =
      kReservedDescriptors + config.fetch_concurrency + dns_descriptors(resolver_count(config));
  log.info(LogLine("descriptors").with("limit", limit.now).with("connections", limit.connections(reserved)));
  if (limit.connections(reserved) < config.max_connections)
    log.warning(LogLine("descriptors")
                    .with("limit", limit.now)
                    .with("max_connections", config.max_connections)
                    .with("cure", "raise the hard limit of open files (LimitNOFILE) or lower max_connections"));
}

}  // namespace

int serve(const Options& options, const Config& config, const Clock& clock, LogSink& log) {
  block_signals(Daemon::kSignals);
  raise_limit(config, log);
  const auto account = find_user(config);
  if (!account) return fatal(log, account.error(), kExitNoPermission);
  PostconfRunner postconf = start_postconf_runner(*account, log);
  const Account* const owner = *account ? &**account : nullptr;
  prepare_folders(config, owner);
  auto maps = open_maps(config, log);
  if (!maps) return fatal(log, maps.error(), kExitOsError);
  auto control = open_control(config, owner, log);
  if (!control) return fatal(log, control.error(), kExitOsError);
  std::optional<Result<PidFile>> pid_file;
  if (!config.pid_file.empty()) pid_file.emplace(PidFile::write(config.pid_file));
  if (pid_file && !*pid_file) return fatal(log, {"pid_file: " + pid_file->error().text}, kExitOsError);
  if (!*account) warn_of_root(log);
  if (const auto done = give_up_rights(*account); !done) return fatal(log, done.error(), kExitNoPermission);
  warn_of_store(config, log);
  bound_processes_or_warn(log);

  Loop loop;
  auto https = HttpsClient::create(loop, https_options(config, log));
  if (!https) return fatal(log, https.error(), kExitConfig);
  confine(log);
  Daemon daemon({config, options.config, options.verbosity, std::move(*maps), std::move(*control), std::move(postconf),
                 std::move(*https), open_store(config, clock, log)},
                loop, clock, log);
  if (!daemon.run()) _exit(kExitOsError);
  return kExitOk;
}

}  // namespace tlspolicyd
