#include "config/config_file.h"

#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "catch.h"
#include "config/check.h"
#include "config/values.h"

using namespace tlspolicyd;

namespace {

ConfigResult build(std::string_view text, const std::vector<std::string>& overrides = {}) {
  return build_config(parse_config_text(text, "t.conf"), overrides);
}

// The complaints, one a line; "fine" if there are none.
std::string complaints(const ConfigResult& result) {
  if (result) return "fine";
  std::string text;
  for (const ConfigError& error : result.error()) text += to_text(error) + "\n";
  return text;
}

class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    path_ = "/tmp/tlspolicyd-test-XXXXXX";
    const int fd = mkstemp(path_.data());
    REQUIRE(fd >= 0);
    close(fd);
    std::ofstream(path_) << content;
  }
  ~TempFile() { std::remove(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("comments, blank lines and blanks around '=' count for nothing") {
  const auto config = build(
      "# fetch_timeout = 1s\n"
      "\n"
      "   # indented comment\n"
      "fetch_timeout=30s\n"
      "log_level \t =\t debug  \r\n"
      "user =\n");
  REQUIRE(config);
  CHECK(config->fetch_timeout == seconds(30));
  CHECK(config->log_level == LogLevel::debug);
  CHECK(config->user.empty());
}

TEST_CASE("a line that begins with a blank goes on with the value before it") {
  const auto config = build(
      "listen =\n"
      "  inet:127.0.0.1:1,\n"
      "# between\n"
      "\n"
      "\tunix:/run/x\n"
      "log = syslog");
  REQUIRE(config);
  REQUIRE(config->listen.size() == 2);
  CHECK(config->listen[1].path == "/run/x");
  CHECK(config->log == LogTarget::syslog);
}

TEST_CASE("a '#' within a value belongs to it") {
  CHECK(build("control_socket = /run/a#b")->control_socket == "/run/a#b");
}

TEST_CASE("faults are told with file, line and parameter") {
  const auto [name, text, said] = GENERATE(table<const char*, std::string, const char*>({
      {"unknown", "log = stderr\nfetch_timout = 1s\n",
       "t.conf:2: fetch_timout: there is no such parameter; did you mean fetch_timeout?\n"},
      {"quite unknown", "smtp_tls_policy_maps = x\n",
       "t.conf:1: smtp_tls_policy_maps: there is no such parameter; see tlspolicyd -d for all there are\n"},
      {"comment behind a value", "cache = memory # note\n",
       "t.conf:1: cache: has a comment behind the value; put it on a line of its own, with '#' as its first character\n"
       "t.conf:1: cache: \"memory\" begins with neither sqlite: nor memory:; write sqlite:/PATH or memory:\n"},
      {"comment behind a path", "pid_file = /run/x.pid\t#note\n",
       "t.conf:1: pid_file: has a comment behind the value; put it on a line of its own, with '#' as its first character\n"},
      {"comment in place of a value", "user = # nobody yet\n",
       "t.conf:1: user: has a comment behind the value; put it on a line of its own, with '#' as its first character\n"},
      {"quotes", "fetch_timeout = \"5min\"\n",
       "t.conf:1: fetch_timeout: has quotes around the value; remove them\n"
       "t.conf:1: fetch_timeout: \"5min\" has the unit \"min\", which is written m; write 1s to 10m, with one of s m h d w\n"},
      {"quotes around a path", "ca_path = '/etc/ssl'\n",
       "t.conf:1: ca_path: has quotes around the value; remove them\n"},
      {"byte order mark", "\xEF\xBB\xBFlog = stderr\n",
       "t.conf:1: the file begins with a UTF-8 byte order mark; save it as UTF-8 without a byte order mark\n"},
      {"the same address twice", "listen = inet:127.0.0.1:1 unix:/run/x inet:127.0.0.1:1\n",
       "listen: inet:127.0.0.1:1 has the address of an element before it; keep one of them\n"},
      {"repeated", "log = stderr\n\nlog = syslog\n",
       "t.conf:3: log: is set for the second time, after line 1; keep one of them\n"},
      {"out of range", "dns_attempts = 99\n", "t.conf:1: dns_attempts: 99 is too large; write 1 to 10\n"},
      {"no equals sign", "log_lookups yes\n", "t.conf:1: no '='; write name = value\n"},
      {"no name", " \n= yes\n", "t.conf:2: no name before '='; write name = value\n"},
      {"nothing to continue", "  log = stderr\n",
       "t.conf:1: begins with a blank, yet there is nothing to continue; remove the blank\n"},
      {"continues a faulty line", "oops\n  more\n",
       "t.conf:1: no '='; write name = value\n"
       "t.conf:2: begins with a blank, yet there is nothing to continue; remove the blank\n"},
      {"control character",
       "user = a\x01"
       "b\n",
       "t.conf:1: a control character; write plain text\n"},
      {"NUL", std::string("user = a\0b\n", 11), "t.conf:1: a control character; write plain text\n"},
      {"forged line", "user\x1b[2J = x\n", "t.conf:1: a control character; write plain text\n"},
      {"group alone", "group = mail\n", "group: is set without user; set user too\n"},
      {"no sockets", "listen =\n", "listen: names no socket; name one, or leave it out\n"},
      {"all at once", "a = 1\nlog = x\n",
       "t.conf:1: a: there is no such parameter; see tlspolicyd -d for all there are\n"
       "t.conf:2: log: \"x\" is not a value it knows; write stderr or syslog\n"},
  }));
  CAPTURE(name);
  CHECK(complaints(build(text)) == said);
}

TEST_CASE("the line told for a continued value is its first") {
  CHECK(complaints(build("# x\nlog =\n  y\n")) ==
        "t.conf:2: log: \"y\" is not a value it knows; write stderr or syslog\n");
}

TEST_CASE("-o goes over the file, and the last of one name counts") {
  const auto config = build("log = syslog\ndns_attempts = 2\n", {"log=stderr", "dns_attempts = 4", "dns_attempts=5"});
  REQUIRE(config);
  CHECK(config->log == LogTarget::standard_error);
  CHECK(config->dns_attempts == 5);
}

TEST_CASE("faults of -o are told as such") {
  CHECK(complaints(build("", {"nonsense"})) == "-o: nonsense: has no '='; write name=value\n");
  CHECK(complaints(build("", {"nonsense=1"})) ==
        "-o: nonsense: there is no such parameter; see tlspolicyd -d for all there are\n");
  CHECK(complaints(build("", {"log=\n"})) == "-o: log: holds a control character\n");
}

TEST_CASE("a file is read") {
  const TempFile file("log = syslog\n");
  const auto config = load_config({.file = file.path(), .file_required = true, .overrides = {}});
  REQUIRE(config);
  CHECK(config->log == LogTarget::syslog);
}

TEST_CASE("the default file may be absent, a named one may not") {
  const std::string nowhere = "/nonexistent/tlspolicyd.conf";
  CHECK(load_config({.file = nowhere, .file_required = false, .overrides = {}}));
  CHECK(complaints(load_config({.file = nowhere, .file_required = true, .overrides = {}})) ==
        "/nonexistent/tlspolicyd.conf: cannot be opened: No such file or directory\n");
}

TEST_CASE("what is there and cannot be read is an error even at the default place") {
  CHECK(complaints(load_config({.file = "/", .file_required = false, .overrides = {}})) ==
        "/: cannot be read: Is a directory\n");
}

TEST_CASE("a file without bounds is not read without bounds") {
  CHECK(complaints(load_config({.file = "/dev/zero", .file_required = true, .overrides = {}})) ==
        "/dev/zero: is larger than 1 MiB\n");
}

TEST_CASE("the machine is asked for what the configuration names") {
  Config config = default_config();
  CHECK(check_machine(config).empty());
  const auto told = [&] {
    const auto errors = check_machine(config);
    return errors.empty() ? std::string("fine") : to_text(errors.front());
  };
  SECTION("user") {
    config.user = "no-such-user";
    CHECK(told() == "user: there is no user \"no-such-user\"; create it, for instance with sysusers");
  }
  SECTION("a number needs no entry, but then a group") {
    config.user = "4000000001";
    CHECK(told() == "user: the number 4000000001 says nothing about a group; set group too");
    config.group = "4000000001";
    CHECK(told() == "fine");
  }
  SECTION("groups") {
    config.socket_group = "no-such-group";
    CHECK(told() == "socket_group: there is no group \"no-such-group\"; create it, or name another");
    config.socket_group = "root";
    CHECK(told() == "fine");
  }
  SECTION("sockets for the whole world") {
    config.listen = *parse_listen("inet:127.0.0.1:1 inet:[::]:2");
    CHECK(told() ==
          "listen: inet:[::]:2 is on all addresses of this host, and replies prove nothing about who sent them; "
          "listen on 127.0.0.1 or a unix socket, or keep others out with a firewall");
    CHECK(check_machine(config).front().warning);
  }
  SECTION("trust anchors") {
    config.ca_file = "/nonexistent/ca.pem";
    CHECK(told() == "ca_file: /nonexistent/ca.pem cannot be read: No such file or directory");
    config.ca_file = "/";
    CHECK(told() == "ca_file: / is not a file; name a file");
  }
}
