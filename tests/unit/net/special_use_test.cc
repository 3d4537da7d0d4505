#include "net/special_use.h"

#include <set>

#include "catch.h"
#include "fetch/https.h"

using namespace tlspolicyd;

TEST_CASE("F-32 special-use addresses are told from those of public policy hosts") {
  const auto [name, text, special] = GENERATE(table<const char*, const char*, bool>({
      {"this network", "0.0.0.0", true},
      {"this network, last", "0.255.255.255", true},
      {"first after this network", "1.0.0.0", false},
      {"private 10", "10.0.0.1", true},
      {"after private 10", "11.0.0.0", false},
      {"before CGNAT", "100.63.255.255", false},
      {"CGNAT", "100.64.0.0", true},
      {"CGNAT, last", "100.127.255.255", true},
      {"after CGNAT", "100.128.0.0", false},
      {"loopback", "127.0.0.1", true},
      {"loopback, last", "127.255.255.254", true},
      {"link-local, where clouds keep their metadata", "169.254.169.254", true},
      {"beside link-local", "169.253.255.255", false},
      {"before private 172", "172.15.255.255", false},
      {"private 172", "172.16.0.1", true},
      {"private 172, last", "172.31.255.255", true},
      {"after private 172", "172.32.0.0", false},
      {"protocol assignments", "192.0.0.8", true},
      {"between the assignments and TEST-NET-1", "192.0.1.0", false},
      {"TEST-NET-1", "192.0.2.1", true},
      {"6to4 relays", "192.88.99.1", true},
      {"private 192.168", "192.168.1.1", true},
      {"after private 192.168", "192.169.0.0", false},
      {"before benchmarking", "198.17.255.255", false},
      {"benchmarking", "198.18.0.0", true},
      {"benchmarking, last", "198.19.255.255", true},
      {"after benchmarking", "198.20.0.0", false},
      {"TEST-NET-2", "198.51.100.7", true},
      {"TEST-NET-3", "203.0.113.7", true},
      {"last before multicast", "223.255.255.255", false},
      {"multicast", "224.0.0.1", true},
      {"multicast, last", "239.255.255.255", true},
      {"reserved", "240.0.0.1", true},
      {"broadcast", "255.255.255.255", true},
      {"public IPv4", "8.8.8.8", false},

      {"unspecified", "::", true},
      {"loopback", "::1", true},
      {"IPv4-compatible", "::8.8.8.8", true},
      {"IPv4-mapped loopback", "::ffff:127.0.0.1", true},
      {"IPv4-mapped private", "::ffff:10.0.0.1", true},
      {"IPv4-mapped public, never right in DNS", "::ffff:8.8.8.8", true},
      {"IPv4-translated", "::ffff:0:10.0.0.1", true},
      {"NAT64 of loopback", "64:ff9b::127.0.0.1", true},
      {"NAT64 of private", "64:ff9b::192.168.0.1", true},
      {"NAT64 of public", "64:ff9b::8.8.8.8", false},
      {"beside the NAT64 prefix", "64:ff9b:0:0:0:1:808:808", true},
      {"local NAT64", "64:ff9b:1::8.8.8.8", true},
      {"discard-only", "100::1", true},
      {"Teredo of a documentation client", "2001:0:4136:e378:8000:63bf:3fff:fdd2", true},
      {"Teredo, public client and server", "2001:0:808:808:0:0:f7f7:f7f7", false},
      {"Teredo of a private client", "2001:0:808:808:0:0:f5ff:fffe", true},
      {"Teredo of a private server", "2001:0:a00:1:0:0:f7f7:f7f7", true},
      {"IPv6 benchmarking", "2001:2::1", true},
      {"ORCHID", "2001:20::1", true},
      {"after the protocol assignments", "2001:200::1", false},
      {"documentation", "2001:db8::1", true},
      {"after documentation", "2001:db9::1", false},
      {"6to4 of private", "2002:a00:1::1", true},
      {"6to4 of loopback", "2002:7f00:1::1", true},
      {"6to4 of public", "2002:808:808::1", false},
      {"public IPv6", "2606:4700::1111", false},
      {"second documentation block", "3fff:fff::1", true},
      {"after the second documentation block", "3fff:1000::1", false},
      {"segment routing", "5f00::1", true},
      {"unique local fc", "fc00::1", true},
      {"unique local fd", "fdff::1", true},
      {"link-local", "fe80::1", true},
      {"link-local, last", "febf::1", true},
      {"site-local", "fec0::1", true},
      {"multicast", "ff02::1", true},
  }));
  CAPTURE(name, text);
  const auto address = parse_ip(text);
  REQUIRE(address);
  CHECK(is_special_use(*address) == special);
}

TEST_CASE("F-32 what a special-use block is for can be said") {
  CHECK(special_use(*parse_ip("10.1.2.3")) == "private, RFC 1918");
  CHECK(special_use(*parse_ip("64:ff9b::a01:203")) == "private, RFC 1918");
  CHECK(special_use(*parse_ip("::1")) == "loopback, RFC 4291");
}

TEST_CASE("F-32 NAT64 prefixes are found by what the resolver makes of ipv4only.arpa") {
  const auto [name, text, prefix] = GENERATE(table<const char*, const char*, const char*>({
      {"well-known", "64:ff9b::c000:aa", "64:ff9b::/96"},
      {"local", "64:ff9b:1:2::c000:ab", "64:ff9b:1:2::/96"},
      {"of 96 bits", "2001:67c:2b0:db32:0:1:c000:aa", "2001:67c:2b0:db32:0:1::/96"},
      {"of 64 bits", "2a00:1:2:3:c0:0:aa00:0", "2a00:1:2:3::/64"},
      {"of 56 bits", "2a00:1:2:3c0:0:aa::", "2a00:1:2:300::/56"},
      {"of 48 bits", "2a00:1:2:c000:0:aa00::", "2a00:1:2::/48"},
      {"of 40 bits", "2a00:1:c0:0:aa::", "2a00:1::/40"},
      {"of 32 bits", "2a00:1:c000:aa::", "2a00:1::/32"},
      {"not one of those", "2a00:1:2:3::1", ""},
      {"another address", "64:ff9b::c000:ac", ""},
      {"the reserved octet set", "2a00:1:2:3ff:c0:0:aa00:0", "2a00:1:2:3ff::/64"},
      {"the reserved octet set within", "2a00:1:2:3:ffc0:0:aa00:0", ""},
      {"no IPv6 address", "192.0.0.170", ""},
  }));
  CAPTURE(name, text);
  const Nat64Prefixes found = nat64_prefixes({*parse_ip(text)});
  CHECK((found.empty() ? "" : to_text(found.front())) == prefix);
}

TEST_CASE("F-32 both well-known addresses make one prefix, and an answer of many a few") {
  CHECK(nat64_prefixes({*parse_ip("64:ff9b::c000:aa"), *parse_ip("64:ff9b::c000:ab")}).size() == 1);
  std::vector<IpAddress> many;
  for (int i = 1; i < 100; ++i) many.push_back(*parse_ip("2a00:" + std::to_string(i) + "::c000:aa"));
  CHECK(nat64_prefixes(many).size() == 8);
}

TEST_CASE("F-32 an address within a NAT64 prefix is judged by the IPv4 address in it") {
  const auto [name, resolved, text, special] = GENERATE(table<const char*, const char*, const char*, bool>({
      {"public prefix, private address", "2a00:1:2:3:4:5:c000:aa", "2a00:1:2:3:4:5:a00:1", true},
      {"public prefix, loopback", "2a00:1:2:3:4:5:c000:aa", "2a00:1:2:3:4:5:7f00:1", true},
      {"public prefix, public address", "2a00:1:2:3:4:5:c000:aa", "2a00:1:2:3:4:5:102:304", false},
      {"beside the public prefix", "2a00:1:2:3:4:5:c000:aa", "2a00:1:2:3:4:6:a00:1", false},
      {"64 bits, private address", "2a00:1:2:3:c0:0:aa00:0", "2a00:1:2:3:a:0:100:0", true},
      {"64 bits, public address", "2a00:1:2:3:c0:0:aa00:0", "2a00:1:2:3:1:203:400:0", false},
      {"unique local prefix, public address", "fd00:64::c000:aa", "fd00:64::102:304", false},
      {"unique local prefix, private address", "fd00:64::c000:aa", "fd00:64::a00:1", true},
      {"beside the unique local prefix", "fd00:64::c000:aa", "fd00:65::102:304", true},
      {"local NAT64, public address", "64:ff9b:1::c000:aa", "64:ff9b:1::102:304", false},
      {"local NAT64, metadata of a cloud", "64:ff9b:1::c000:aa", "64:ff9b:1::a9fe:a9fe", true},
      {"local NAT64, another prefix", "64:ff9b:1::c000:aa", "64:ff9b:1:1::102:304", true},
      {"a resolver that claims loopback", "::c000:aa", "::1", true},
      {"a resolver that claims IPv4-mapped addresses", "::ffff:c000:aa", "::ffff:102:304", true},
      {"a resolver that claims link-local addresses", "fe80::c000:aa", "fe80::102:304", true},
      {"IPv4 itself", "64:ff9b::c000:aa", "10.0.0.1", true},
  }));
  CAPTURE(name, text);
  CHECK(is_special_use(*parse_ip(text), nat64_prefixes({*parse_ip(resolved)})) == special);
}

TEST_CASE("every fetch fault has a word of its own") {
  std::set<std::string_view> words;
  const auto last = static_cast<int>(FetchFault::cancelled);
  for (int i = 0; i <= last; ++i) words.insert(name_of(static_cast<FetchFault>(i)));
  CHECK(words.size() == static_cast<std::size_t>(last) + 1);
  CHECK(words.count("unknown") == 0);
}
