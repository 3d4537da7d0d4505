#include "config/check.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "config/hints.h"

namespace tlspolicyd {
namespace {

bool is_number(const std::string& text) { return parse_decimal(text, UINT32_MAX - 1).has_value(); }

class Inspection {
 public:
  std::vector<ConfigError> errors;

  void account(const char* parameter, const std::string& name) {
    if (name.empty() || is_number(name) || getpwnam(name.c_str()) != nullptr) return;
    complain(parameter, "there is no user \"" + name + '"', "create it, for instance with sysusers");
  }

  void group(const char* parameter, const std::string& name) {
    if (name.empty() || is_number(name) || getgrnam(name.c_str()) != nullptr) return;
    complain(parameter, "there is no group \"" + name + '"', "create it, or name another");
  }

  // A number without an entry in the user database has no group of its own.
  void numeric_user(const std::string& user, const std::string& group) {
    if (!is_number(user) || !group.empty() || getpwnam(user.c_str()) != nullptr) return;
    complain("user", "the number " + user + " says nothing about a group", "set group too");
  }

  void readable(const char* parameter, const std::string& path, mode_t kind, const char* kind_name) {
    if (path.empty()) return;
    struct stat seen {};
    if (::stat(path.c_str(), &seen) != 0 || ::access(path.c_str(), R_OK) != 0)
      return complain(parameter, path + " cannot be read: " + std::strerror(errno), "");
    if ((seen.st_mode & S_IFMT) != kind)
      complain(parameter, path + " is not a " + kind_name, std::string("name a ") + kind_name);
  }

  void reachable_from_outside(const std::vector<ListenAddress>& listen) {
    const std::string wildcard = wildcard_listener(listen);
    if (wildcard.empty()) return;
    complain("listen", wildcard + " is on all addresses of this host, and replies prove nothing about who sent them",
             "listen on 127.0.0.1 or a unix socket, or keep others out with a firewall");
    errors.back().warning = true;
  }

 private:
  void complain(const char* parameter, std::string what, std::string cure) {
    errors.push_back({"", 0, parameter, std::move(what), std::move(cure)});
  }
};

}  // namespace

std::vector<ConfigError> check_machine(const Config& config) {
  Inspection seen;
  seen.account("user", config.user);
  seen.numeric_user(config.user, config.group);
  seen.group("group", config.group);
  seen.group("socket_group", config.socket_group);
  seen.reachable_from_outside(config.listen);
  seen.readable("ca_file", config.ca_file, S_IFREG, "file");
  seen.readable("ca_path", config.ca_path, S_IFDIR, "directory");
  seen.readable("postfix_config_directory", config.postfix_config_directory, S_IFDIR, "directory");
  return std::move(seen.errors);
}

}  // namespace tlspolicyd
