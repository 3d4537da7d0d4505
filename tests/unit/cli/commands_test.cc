// The one-shot commands against a scripted daemon and a store in memory: what they print
// and how they exit.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/unique_fd.h"
#include "catch.h"
#include "cli/cache.h"
#include "cli/purge.h"
#include "cli/status.h"
#include "fakes/fake_time.h"
#include "fakes/memory_store.h"
#include "fakes/patterns.h"
#include "view/entry_json.h"
#include "view/entry_text.h"
#include "view/entry_view.h"
#include "view/status_json.h"
#include "view/status_view.h"

using namespace tlspolicyd;

namespace {

std::string socket_path() { return "/tmp/tlspolicyd-cli-" + std::to_string(::getpid()); }

// Answers each connection with the same octets, and remembers what it was asked.
class ScriptedDaemon {
 public:
  explicit ScriptedDaemon(std::string reply) : reply_(std::move(reply)) {
    ::unlink(socket_path().c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedDaemon() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    ::unlink(socket_path().c_str());
  }
  std::string asked() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    thread_ = std::thread([] {});
    return asked_;
  }

 private:
  void serve() {
    for (;;) {
      const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
      if (!peer) return;
      char octets[2048];
      const ssize_t n = ::recv(peer.get(), octets, sizeof octets, 0);
      if (n > 0) asked_.append(octets, static_cast<std::size_t>(n));
      ::send(peer.get(), reply_.data(), reply_.size(), MSG_NOSIGNAL);
    }
  }
  std::string reply_, asked_;
  UniqueFd listener_;
  std::thread thread_;
};

struct Rig {
  Cli cli(bool json = false) {
    const auto open = [this]() -> Result<std::shared_ptr<Store>> {
      if (!store) return fail("there is no store at /nowhere/cache.db");
      return std::static_pointer_cast<Store>(store);
    };
    return {.terminal = terminal,
            .clock = time,
            .json = json,
            .control_socket = socket_path(),
            .read_store = open,
            .write_store = open,
            .empty_store = [this] { return empty(); },
            .rules = {}};
  }
  Result<std::size_t> empty() {
    if (!store) return fail("there is no store at /nowhere/cache.db");
    const std::size_t count = store->rows.size();
    store->rows.clear();
    return count;
  }
  void keep(std::string_view domain, std::string_view mode = "enforce") {
    if (!store) store = std::make_shared<MemoryStore>();
    StoredRow row{.domain = *Domain::parse(domain),
                  .policy = {},
                  .id = "1",
                  .fetched = time.wall() - seconds(60),
                  .checked = time.wall(),
                  .last_asked = time.wall(),
                  .failure = {}};
    row.policy = {*parse_mode(mode), seconds(604'800), patterns({"mx1." + std::string(domain)}), "version: STSv1"};
    store->rows.emplace(domain, row);
  }

  std::ostringstream out, err;
  Terminal terminal{out, err};
  FakeTime time;
  std::shared_ptr<MemoryStore> store;
};

std::string entry_line(const std::string& domain) {
  EntryView view;
  view.domain = domain;
  view.verdict = "none";
  view.reply = "NOTFOUND ";
  return entry_json(view) + "\n";
}

}  // namespace

TEST_CASE("commands: without daemon and store") {
  Rig rig;
  CHECK(list_cache(rig.cli()) == 69);
  CHECK(show_cached(rig.cli(), "d.example") == 69);
  CHECK(purge(rig.cli(), "d.example") == 69);
  CHECK(purge_all(rig.cli()) == 69);
  CHECK(rig.err.str().find("there is no store at /nowhere/cache.db") != std::string::npos);
  CHECK(show_status(rig.cli()) == 69);
  CHECK(show_status(rig.cli(true)) == 69);
  CHECK(rig.out.str().empty());
}

TEST_CASE("commands: what is no domain") {
  Rig rig;
  rig.keep("d.example");
  CHECK(show_cached(rig.cli(), "not a domain") == 65);
  CHECK(purge(rig.cli(), "") == 65);
  CHECK(rig.out.str().empty());
}

TEST_CASE("commands: keys are read as Postfix writes them") {
  const auto key = GENERATE("d.example", "D.Example.", "[d.example]", "[d.example]:587", "d.example:smtp");
  CAPTURE(key);
  Rig rig;
  rig.keep("d.example");
  CHECK(show_cached(rig.cli(), key) == 0);
  CHECK(rig.out.str().find("domain      d.example\n") == 0);
  CHECK(purge(rig.cli(), key) == 0);
  CHECK(rig.store->rows.empty());
}

TEST_CASE("commands: what names a domain without being one is told which to give") {
  const auto [key, said] = GENERATE(table<const char*, const char*>({
      {"user@d.example", "\"user@d.example\" is a mail address: give d.example"},
      {"mailto:user@D.Example", "is a mail address: give d.example"},
      {"https://d.example/", "is a URL: give d.example"},
      {"https://mta-sts.d.example/.well-known/mta-sts.txt", "is a URL: give d.example"},
      {"smtp://user@d.example:587", "is a URL: give d.example"},
      {"_mta-sts.d.example", "is the name of the TXT record: give d.example"},
      {"user@[192.0.2.1]", "holds \"@\""},
      {"https://192.0.2.1/", "neither a number nor a service"},
      {".d.example", "asks for a parent domain"},
  }));
  CAPTURE(key);
  Rig rig;
  rig.keep("d.example");
  CHECK(show_cached(rig.cli(), key) == 65);
  CHECK(purge(rig.cli(), key) == 65);
  CHECK(rig.err.str().find(said) != std::string::npos);
  CHECK(rig.store->rows.size() == 1);
}

TEST_CASE("commands: the cache from the store") {
  Rig rig;
  for (int i = 0; i < 1'201; ++i) rig.keep("d" + std::to_string(i) + ".example");
  SECTION("as a table") {
    CHECK(list_cache(rig.cli()) == 0);
    const std::string text = rig.out.str();
    CHECK(text.substr(0, 7) == "DOMAIN ");
    CHECK(std::count(text.begin(), text.end(), '\n') == 1'202);
    CHECK(text.find("d1200.example ") != text.npos);
  }
  SECTION("as JSON") {
    CHECK(list_cache(rig.cli(true)) == 0);
    const auto json = nlohmann::json::parse(rig.out.str());
    CHECK(json.size() == 1'201);
    CHECK(json[0]["verdict"] == "secure");
    CHECK(json[0]["reply"] == "OK secure match=mx1.d0.example servername=hostname");
  }
  SECTION("one entry") {
    CHECK(show_cached(rig.cli(), "D7.Example.") == 0);
    CHECK(rig.out.str().find("patterns    mx1.d7.example\n") != std::string::npos);
  }
  SECTION("one entry as JSON") {
    CHECK(show_cached(rig.cli(true), "d7.example") == 0);
    CHECK(nlohmann::json::parse(rig.out.str())["domain"] == "d7.example");
  }
  SECTION("a domain that is not there") {
    CHECK(show_cached(rig.cli(), "other.example") == 1);
    CHECK(rig.out.str().empty());
    CHECK(rig.err.str() == "tlspolicyd: other.example is not cached\n");
  }
  SECTION("a store that cannot be read") {
    rig.store->fail_reads("disk error");
    CHECK(list_cache(rig.cli(true)) == 69);
    CHECK(show_cached(rig.cli(), "d7.example") == 69);
    CHECK(rig.out.str().empty());
  }
}

TEST_CASE("commands: an empty cache is an empty table and an empty array") {
  Rig rig;
  rig.store = std::make_shared<MemoryStore>();
  CHECK(list_cache(rig.cli()) == 0);
  CHECK(rig.out.str() == entry_table_head());
  rig.out.str("");
  CHECK(list_cache(rig.cli(true)) == 0);
  CHECK(nlohmann::json::parse(rig.out.str()) == nlohmann::json::array());
}

TEST_CASE("commands: purging in the store") {
  Rig rig;
  for (int i = 0; i < 2'500; ++i) rig.keep("d" + std::to_string(i) + ".example");
  CHECK(purge(rig.cli(), "other.example") == 1);
  CHECK(purge(rig.cli(), "d7.example") == 0);
  CHECK(rig.store->rows.count("d7.example") == 0);
  CHECK(purge_all(rig.cli()) == 0);
  CHECK(rig.store->rows.empty());
  CHECK(rig.out.str() == "purged d7.example\npurged 2499 entries\n");
  CHECK(purge_all(rig.cli()) == 0);
}

TEST_CASE("commands: a store that cannot be written") {
  Rig rig;
  rig.keep("d.example");
  rig.store->fail_writes("disk full");
  CHECK(purge(rig.cli(), "d.example") == 69);
  CHECK(rig.err.str() == "tlspolicyd: disk full\n");
}

TEST_CASE("commands: the cache from the daemon, not from the store") {
  Rig rig;
  rig.keep("stored.example");
  ScriptedDaemon daemon(entry_line("a.example") + entry_line("b.example") + "done 2\n");
  SECTION("table") {
    CHECK(list_cache(rig.cli()) == 0);
    CHECK(rig.out.str().find("\na.example ") != std::string::npos);
    CHECK(rig.out.str().find("stored") == std::string::npos);
    CHECK(daemon.asked() == "cache\n");
  }
  SECTION("JSON") {
    CHECK(list_cache(rig.cli(true)) == 0);
    CHECK(nlohmann::json::parse(rig.out.str())[1]["domain"] == "b.example");
  }
  SECTION("one entry, under its canonical name") {
    CHECK(show_cached(rig.cli(), "A.Example.") == 0);
    CHECK(daemon.asked() == "cache a.example\n");
  }
}

TEST_CASE("commands: the daemon's last words and the exit codes") {
  const auto [name, reply, code] = GENERATE(table<const char*, const char*, int>({
      {"absent", "absent\n", 1},
      {"done", "done 1\n", 0},
      {"refused", "refused\n", 77},
      {"busy", "busy\n", 69},
      {"error", "error disk full\n", 69},
      {"silence", "", 69},
      {"cut off", "{\"domain\"", 69},
      {"lines without a last word", "{}\n{}\n", 69},
      {"another protocol", "220 mail.example ESMTP\n", 69},
      {"control characters", "{\"\x1b[2J\"}\ndone 1\n", 69},
  }));
  CAPTURE(name);
  Rig rig;
  ScriptedDaemon daemon(reply);
  CHECK(purge(rig.cli(), "d.example") == code);
  CHECK(rig.out.str() == (code == 0 ? "purged d.example\n" : ""));
  CHECK(rig.err.str().find('\x1b') == std::string::npos);
  CHECK(rig.err.str().empty() == (code == 0));
}

TEST_CASE("commands: a list that breaks off is no list") {
  Rig rig;
  ScriptedDaemon daemon(entry_line("a.example"));
  CHECK(list_cache(rig.cli(true)) == 69);
  CHECK_FALSE(nlohmann::json::accept(rig.out.str()));
}

TEST_CASE("commands: a control socket without rights") {
  if (::geteuid() == 0) return;  // root has all of them; tried with the real binary
  Rig rig;
  rig.keep("d.example");
  ScriptedDaemon daemon("done 0\n");
  ::chmod(socket_path().c_str(), 0);
  CHECK(list_cache(rig.cli()) == 77);
  CHECK(show_status(rig.cli()) == 77);
}

TEST_CASE("commands: purging in the daemon") {
  Rig rig;
  ScriptedDaemon daemon("done 12\n");
  CHECK(purge_all(rig.cli()) == 0);
  CHECK(rig.out.str() == "purged 12 entries\n");
  CHECK(daemon.asked() == "purge-all\n");
}

TEST_CASE("commands: status") {
  StatusView view;
  view.version = "0.1.0";
  view.counters["dns"]["timeout"] = 7;
  Rig rig;
  ScriptedDaemon daemon(status_json(view) + "\ndone 1\n");
  CHECK(show_status(rig.cli()) == 0);
  CHECK(rig.out.str().find("dns           timeout 7\n") != std::string::npos);
  rig.out.str("");
  CHECK(show_status(rig.cli(true)) == 0);
  CHECK(rig.out.str() == status_json(view) + "\n");
}

TEST_CASE("commands: an output that cannot be written is an error") {
  Rig rig;
  rig.keep("d.example");
  rig.out.setstate(std::ios::badbit);
  CHECK(list_cache(rig.cli()) == 74);
  CHECK(show_cached(rig.cli(), "d.example") == 74);
}
