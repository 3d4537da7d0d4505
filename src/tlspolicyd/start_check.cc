#include "tlspolicyd/start_check.h"

#include <unistd.h>
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "listen/listening_socket.h"
#include "process/privileges.h"
#include "tls/tls_context.h"
#include "process/pid_file.h"
#include "store/sqlite/store_obstacle.h"

namespace tlspolicyd {
namespace {

class StartCheck {
 public:
  StartCheck(const Config& config, std::vector<ConfigError>& faults) : config_(config), faults_(faults) {
    if (const auto found = find_account(config.user, config.group); found && !config.user.empty()) account_ = *found;
  }

  void run() {
    if (blames({"user", "group"})) return;
    if (!can_become_user())
      return complain(
          "user", "only root can become " + config_.user + ", so folders and files were not checked; run -t as root",
          true);
    check_opened();
    if (const auto became = account_ ? become(*account_) : Result<void>(); !became)
      return complain("user", became.error().text);
    check_trust();
    check_store();
  }

 private:
  [[nodiscard]] bool can_become_user() const { return root_ || !account_ || account_->uid == ::geteuid(); }

  [[nodiscard]] bool blames(std::initializer_list<std::string_view> parameters) const {
    return std::any_of(faults_.begin(), faults_.end(), [&](const ConfigError& fault) {
      return std::find(parameters.begin(), parameters.end(), fault.parameter) != parameters.end();
    });
  }

  // "WHAT; CURE"
  void complain(const char* parameter, std::string_view text, bool warning = false) {
    const auto end = std::min(text.find("; "), text.size());
    const std::string_view cure = text.substr(std::min(end + 2, text.size()));
    faults_.push_back({"", 0, parameter, std::string(text.substr(0, end)), std::string(cure), warning});
  }

  // What is opened before the change of user.
  void check_opened() {
    for (const ListenAddress& address : config_.listen) {
      const auto probed = probe_listener(address);
      if (!probed) complain("listen", to_text(address) + ": " + probed.error().text);
      else if (!is_reachable(address)) complain("listen", to_text(address) + " " + std::string(kUnreachable), true);
    }
    if (!config_.control_socket.empty() && !is_made_at_start())
      if (const auto probed = probe_listener({.path = config_.control_socket}); !probed)
        complain("control_socket", config_.control_socket + ": " + probed.error().text);
    if (config_.pid_file.empty()) return;
    if (const auto probed = PidFile::probe(config_.pid_file); !probed) complain("pid_file", probed.error().text);
  }

  // Root makes the folder of the default control socket.
  [[nodiscard]] bool is_made_at_start() const {
    const std::string folder = config_.control_socket.substr(0, config_.control_socket.rfind('/'));
    return root_ && config_.control_socket == default_config().control_socket && ::access(folder.c_str(), F_OK) != 0;
  }

  void check_trust() {
    if (blames({"ca_file", "ca_path"})) return;
    const auto made = make_tls_context({config_.ca_file, config_.ca_path});
    if (made) return;
    std::string_view text = made.error().text;
    for (const char* const parameter : {"ca_file", "ca_path"}) {
      if (!text.starts_with(std::string(parameter) + " ")) continue;
      return complain(parameter, text.substr(std::string_view(parameter).size() + 1));
    }
    complain("", text);
  }

  // The daemon serves without a store, so this is a warning.
  void check_store() {
    const std::string& path = config_.cache.sqlite_path;
    const bool prepared = root_ && config_.cache == default_config().cache;  // by the start
    if (path.empty() || prepared) return;
    if (const auto obstacle = store_obstacle(path))
      faults_.push_back({"", 0, "cache", obstacle->what, obstacle->cure, true});
  }

  const Config& config_;
  std::vector<ConfigError>& faults_;
  std::optional<Account> account_;
  const bool root_ = ::geteuid() == 0;
};

}  // namespace

void check_start(const Config& config, std::vector<ConfigError>& faults) { StartCheck(config, faults).run(); }

}  // namespace tlspolicyd
