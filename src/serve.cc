#include "serve.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "cache/sqlite_store.h"
#include "daemon.h"
#include "net/descriptors.h"
#include "net/inherited_listeners.h"
#include "net/privileges.h"
#include "pid_file.h"
#include "settings.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kReservedDescriptors = 64;  // besides connections, look-ups and fetches

int fatal(LogSink& log, const Error& error, int code) {
  log.write(LogLevel::error, "fatal: " + error.text);
  return code;
}

Result<std::vector<ListeningSocket>> open_maps(const Config& config) {
  auto inherited = inherited_listeners();
  if (!inherited || !inherited->empty()) return inherited;
  std::vector<ListeningSocket> sockets;
  for (const ListenAddress& address : config.listen) {
    auto opened = open_listener(address, {config.socket_mode, config.socket_group});
    if (!opened) return opened;
    std::move(opened->begin(), opened->end(), std::back_inserter(sockets));
  }
  return sockets;
}

// With its defaults the program needs no preparation: root makes their folders, for the
// account that will use them. Whatever goes wrong shows when the folder is used.
void make_default_folder(const std::string& file, const std::string& fallback, const Account* account) {
  if (geteuid() != 0 || file != fallback) return;
  const std::string folder = file.substr(0, file.rfind('/'));
  if (mkdir(folder.c_str(), 0755) != 0 || account == nullptr) return;
  static_cast<void>(lchown(folder.c_str(), account->uid, account->gid) == 0);
}

// Fatal where it cannot be had: a daemon may live behind it, and --purge must reach the
// one that serves.
Result<std::optional<ListeningSocket>> open_control(const Config& config) {
  if (config.control_socket.empty()) return std::nullopt;
  auto opened = open_listener({.path = config.control_socket}, {0600, ""});
  if (!opened) return fail("control_socket: " + opened.error().text);
  return std::optional(std::move(opened->front()));
}

Result<std::optional<Account>> find_user(const Config& config) {
  if (config.user.empty()) return std::nullopt;
  return find_account(config.user, config.group).map([](Account account) { return std::optional(std::move(account)); });
}

Result<void> drop_rights(const std::optional<Account>& account, LogSink& log) {
  if (const std::string warning = account ? "" : root_warning(); !warning.empty())
    log.write(LogLevel::warning, warning);
  if (!account) return give_up_gains();
  return become(*account).and_then(give_up_gains);
}

// A store that cannot be used is no reason not to serve: from memory, with one error.
std::shared_ptr<Store> open_store(const Config& config, const Clock& clock, LogSink& log) {
  if (config.cache.sqlite_path.empty()) return nullptr;
  auto opened = SqliteStore::open(config.cache.sqlite_path, SqliteStore::Mode::read_write, {clock, log});
  if (opened) return std::move(opened->store);
  log.error(LogLine("store").with("path", config.cache.sqlite_path).with("reason", opened.error().text)
                .with("result", "policies are kept in memory only"));
  return nullptr;
}

void raise_limit(const Config& config, LogSink& log) {
  const DescriptorLimit limit = raise_descriptor_limit();
  const std::size_t reserved = kReservedDescriptors + config.fetch_concurrency;
  log.info(LogLine("descriptors").with("limit", limit.now).with("connections", limit.connections(reserved)));
  if (limit.connections(reserved) < config.max_connections)
    log.warning(LogLine("descriptors").with("limit", limit.now).with("max_connections", config.max_connections)
                    .with("cure", "raise the hard limit of open files (LimitNOFILE) or lower max_connections"));
}

}  // namespace

int serve(const Options& options, const Config& config, const Clock& clock, LogSink& log) {
  block_signals(Daemon::kSignals);
  raise_limit(config, log);
  const auto account = find_user(config);
  if (!account) return fatal(log, account.error(), kExitNoPermission);
  const Account* const owner = *account ? &**account : nullptr;
  const Config defaults = default_config();
  make_default_folder(config.control_socket, defaults.control_socket, owner);
  make_default_folder(config.cache.sqlite_path, defaults.cache.sqlite_path, owner);
  auto maps = open_maps(config);
  if (!maps) return fatal(log, maps.error(), kExitOsError);
  auto control = open_control(config);
  if (!control) return fatal(log, control.error(), kExitOsError);
  std::optional<Result<PidFile>> pid_file;
  if (!config.pid_file.empty()) pid_file.emplace(PidFile::write(config.pid_file));
  if (pid_file && !*pid_file) return fatal(log, pid_file->error(), kExitOsError);
  if (const auto dropped = drop_rights(*account, log); !dropped) return fatal(log, dropped.error(), kExitNoPermission);

  Loop loop;
  auto https = HttpsClient::create(loop, https_options(config, log));
  if (!https) return fatal(log, https.error(), kExitConfig);
  Daemon daemon({config, options.config, options.verbosity, std::move(*maps), std::move(*control),
                 std::move(*https), open_store(config, clock, log)},
                loop, clock, log);
  daemon.run();
  return kExitOk;
}

}  // namespace tlspolicyd
