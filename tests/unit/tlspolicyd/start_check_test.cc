#include "tlspolicyd/start_check.h"

#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>

#include "catch.h"
#include "config/values.h"
#include "store/sqlite/store_obstacle.h"

using namespace tlspolicyd;

namespace {

// A folder of the test's own, gone afterwards with what is in it.
class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() {
    for (const char* name : {"file", "link", "folder/file", "folder"}) std::remove((*this / name).c_str());
    rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/tlspolicyd-test-XXXXXX";
};

std::string told(const Config& config) {
  std::vector<ConfigError> faults;
  check_start(config, faults);
  std::string text;
  for (const ConfigError& fault : faults) text += (fault.warning ? "warning: " : "error: ") + to_text(fault) + "\n";
  return text;
}

Config plain(const Folder& folder) {
  Config config = default_config();
  config.listen = *parse_listen("unix:" + folder / "map");
  config.control_socket = folder / "control";
  config.cache.sqlite_path = folder / "cache.db";
  return config;
}

std::string obstacle(const std::string& path) {
  const auto found = store_obstacle(path);
  return found ? found->what + "; " + found->cure : "none";
}

}  // namespace

TEST_CASE("a start that nothing hinders") {
  const Folder folder;
  Config config = plain(folder);
  config.pid_file = folder / "pid";
  CHECK(told(config) == "");
}

TEST_CASE("what a start would refuse is found, all of it") {
  const Folder folder;
  Config config = plain(folder);
  config.listen = *parse_listen("inet:192.0.2.1:8461 unix:/nonexistent/map");
  config.control_socket = "/nonexistent/control";
  config.pid_file = "/nonexistent/pid";
  std::ofstream(folder / "file") << "no certificate\n";
  config.ca_file = folder / "file";
  CHECK(
      told(config) ==
      "error: listen: inet:192.0.2.1:8461: this host does not have that address; see `ip address`, or listen on 127.0.0.1\n"
      "error: listen: unix:/nonexistent/map: its directory does not exist; create it\n"
      "error: control_socket: /nonexistent/control: its directory does not exist; create it\n"
      "error: pid_file: cannot open /nonexistent/pid: No such file or directory; create its directory\n"
      "error: ca_file: " +
          config.ca_file +
          ": no usable PEM certificate in it; put the CA's certificate there "
          "(-----BEGIN CERTIFICATE-----)\n");
}

TEST_CASE("a store that cannot be used is a warning: the daemon serves without") {
  const Folder folder;
  Config config = plain(folder);
  config.cache.sqlite_path = folder / "none/cache.db";
  CHECK(told(config).starts_with("warning: cache: the folder " + folder / "none" +
                                 " does not exist; create it and give it to "));
}

TEST_CASE("each thing that keeps the store from being used has its own words") {
  const Folder folder;
  CHECK(obstacle(folder / "cache.db") == "none");
  std::ofstream(folder / "file") << "x";
  CHECK(obstacle(folder / "file") == "none");
  CHECK(obstacle(folder / "file/cache.db") ==
        folder / "file" + " is a file where the store needs a folder; move it away or name another path");
  REQUIRE(symlink("/nonexistent/cache.db", (folder / "link").c_str()) == 0);
  CHECK(obstacle(folder / "link") ==
        folder / "link" + " is a link to /nonexistent/cache.db which does not exist; create that or remove the link");
  CHECK(obstacle(folder / "link/cache.db") ==
        folder / "link" + " is a link to /nonexistent/cache.db which does not exist; create that or remove the link");
  REQUIRE(mkdir((folder / "folder").c_str(), 0700) == 0);
  CHECK(obstacle(folder / "folder") == folder / "folder" + " is a folder; name a file in it");
  CHECK(obstacle("/dev/null") == "/dev/null is no regular file; move it away or name another path");
  CHECK(obstacle("/nonexistent/deep/cache.db")
            .starts_with("the folder /nonexistent does not exist; create it and give it to "));
}

TEST_CASE("what belongs to another user is told with its owner") {
  if (geteuid() != 0) return;
  const Folder folder;
  REQUIRE(mkdir((folder / "folder").c_str(), 0700) == 0);
  std::ofstream(folder / "folder/file") << "x";
  REQUIRE(chmod((folder / "folder/file").c_str(), 0600) == 0);
  const auto as_nobody = [](const std::string& path) {
    REQUIRE(seteuid(65534) == 0);
    std::string text = obstacle(path);
    REQUIRE(seteuid(0) == 0);
    return text;
  };
  const std::string parent = folder / "folder";
  CHECK(as_nobody(parent + "/file").find(" may not search ") != std::string::npos);
  REQUIRE(chmod((folder / "").c_str(), 0755) == 0);
  CHECK(as_nobody(parent + "/deep/file")
            .find("user nobody may not search " + parent + " (owner root); chmod a+x " + parent) == 0);
  REQUIRE(chmod(parent.c_str(), 0755) == 0);
  CHECK(as_nobody(parent + "/file") ==
        "user nobody may not write in " + parent + " (owner root); give that folder and the files in it to nobody");
  REQUIRE(chmod(parent.c_str(), 0777) == 0);
  CHECK(as_nobody(parent + "/file") ==
        "user nobody may not write " + parent + "/file (owner root); chown nobody " + parent + "/file*");
}
