#include "dns/resolv_conf.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.h"

using namespace tlspolicyd;

namespace {

std::string servers_of(const ResolvConf& conf) {
  std::string out;
  for (const Resolver& server : conf.nameservers) out += (out.empty() ? "" : " ") + to_text(server);
  return out;
}

// A folder of its own for each test, gone afterwards.
class TempFolder {
 public:
  TempFolder() {
    char pattern[] = "/tmp/unit_dns.XXXXXX";
    REQUIRE(mkdtemp(pattern) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("a resolver is an address with or without a port") {
  const auto [text, expected] = GENERATE(table<const char*, const char*>({
      {"192.0.2.1", "192.0.2.1:53"},
      {"192.0.2.1:5353", "192.0.2.1:5353"},
      {"2001:db8::1", "[2001:db8::1]:53"},
      {"[2001:db8::1]", "[2001:db8::1]:53"},
      {"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
      {"fe80::1%eth0", "[fe80::1%eth0]:53"},
      {"[fe80::1%2]:54", "[fe80::1%2]:54"},
  }));
  CAPTURE(text);
  const auto resolver = parse_resolver(text);
  REQUIRE(resolver);
  CHECK(to_text(*resolver) == expected);
  CHECK((parse_resolver(expected).value() == *resolver));
}

TEST_CASE("what is no resolver is refused with a reason") {
  const auto [name, text] = GENERATE(table<const char*, const char*>({
      {"empty", ""},
      {"name", "ns.example"},
      {"port 0", "192.0.2.1:0"},
      {"port too large", "192.0.2.1:65536"},
      {"empty port", "192.0.2.1:"},
      {"bracket not closed", "[::1"},
      {"junk after bracket", "[::1]53"},
      {"IPv4 in brackets", "[192.0.2.1]:53"},
      {"scope on IPv4", "192.0.2.1%eth0"},
      {"empty scope", "fe80::1%"},
      {"bracket in the scope", "fe80::1%e]"},
      {"comma in the scope", "fe80::1%e,eth0"},
      {"blank", "192.0.2.1 "},
  }));
  CAPTURE(name, text);
  const auto resolver = parse_resolver(text);
  REQUIRE_FALSE(resolver);
  CHECK_FALSE(resolver.error().text.empty());
}

TEST_CASE("name servers of resolv.conf") {
  const auto [name, text, servers] = GENERATE(table<const char*, const char*, const char*>({
      {"empty file", "", "127.0.0.1:53"},
      {"none named", "search d.example\n", "127.0.0.1:53"},
      {"one, no final newline", "nameserver 192.0.2.1", "192.0.2.1:53"},
      {"order is kept", "nameserver 192.0.2.2\nnameserver 192.0.2.1\n", "192.0.2.2:53 192.0.2.1:53"},
      {"IPv6 and link-local", "nameserver 2001:db8::1\nnameserver fe80::1%eth0\n",
       "[2001:db8::1]:53 [fe80::1%eth0]:53"},
      {"comments and CRLF", "# nameserver 192.0.2.9\r\n; nameserver 192.0.2.8\r\nnameserver\t192.0.2.1\r\n",
       "192.0.2.1:53"},
      {"words after the address", "nameserver 192.0.2.1 # the good one\n", "192.0.2.1:53"},
      {"not an address", "nameserver ns.example\nnameserver 192.0.2.1\n", "192.0.2.1:53"},
      {"keyword without value", "nameserver\nnameserver 192.0.2.1\n", "192.0.2.1:53"},
      {"nine of them",
       "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
       "nameserver 192.0.2.4\nnameserver 192.0.2.5\nnameserver 192.0.2.6\nnameserver 192.0.2.7\n"
       "nameserver 192.0.2.8\nnameserver 192.0.2.9\n",
       "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 192.0.2.4:53 192.0.2.5:53 192.0.2.6:53 192.0.2.7:53 "
       "192.0.2.8:53"},
  }));
  CAPTURE(name);
  CHECK(servers_of(parse_resolv_conf(text)) == servers);
}

TEST_CASE("options of resolv.conf") {
  struct Row {
    const char* name;
    const char* text;
    std::optional<milliseconds> timeout;
    std::optional<int> attempts;
    bool rotate, use_vc;
  };
  const Row row = GENERATE(values<Row>({
      {"none", "options\n", {}, {}, false, false},
      {"all", "options timeout:1 attempts:4 rotate use-vc\n", milliseconds(1000), 4, true, true},
      {"several lines, the last number counts",
       "options timeout:1 rotate\noptions timeout:3\n",
       milliseconds(3000),
       {},
       true,
       false},
      {"cut at the limits", "options timeout:99 attempts:99\n", milliseconds(30000), 5, false, false},
      {"zero is no value", "options timeout:0 attempts:0\n", {}, {}, false, false},
      {"not a number", "options timeout:2s attempts:-1 timeout:\n", {}, {}, false, false},
      {"unknown ones", "options ndots:5 edns0 trust-ad rotated use-vc2\n", {}, {}, false, false},
  }));
  CAPTURE(row.name);
  const ResolvConf conf = parse_resolv_conf(row.text);
  CHECK(conf.timeout == row.timeout);
  CHECK(conf.attempts == row.attempts);
  CHECK(conf.rotate == row.rotate);
  CHECK(conf.use_vc == row.use_vc);
}

TEST_CASE("resolv.conf is read again when it changes, and not looked at all the time") {
  const TempFolder folder;
  ResolvConfFile file(folder.file("resolv.conf"));
  SteadyTime now{};
  CHECK(file.refresh(now));
  CHECK(servers_of(file.contents()) == "127.0.0.1:53");
  folder.write("resolv.conf", "nameserver 192.0.2.1\n");
  CHECK_FALSE(file.refresh(now + milliseconds(1999)));
  CHECK(file.refresh(now += seconds(2)));
  CHECK(servers_of(file.contents()) == "192.0.2.1:53");
  CHECK_FALSE(file.refresh(now += seconds(2)));
  folder.write("new", "nameserver 192.0.2.7\n");
  std::filesystem::rename(folder.file("new"), folder.file("resolv.conf"));
  CHECK(file.refresh(now += seconds(2)));
  CHECK(servers_of(file.contents()) == "192.0.2.7:53");
  std::filesystem::remove(folder.file("resolv.conf"));
  CHECK(file.refresh(now += seconds(2)));
  CHECK(servers_of(file.contents()) == "127.0.0.1:53");
  CHECK_FALSE(file.refresh(now += seconds(2)));
}

TEST_CASE("X-07 what is no regular file at resolv.conf's place neither hangs nor fills memory") {
  const auto path = GENERATE("/dev/zero", "/tmp");
  ResolvConfFile file(path);
  CHECK(file.refresh(SteadyTime{}));
  CHECK(servers_of(file.contents()) == "127.0.0.1:53");
}
