#include "sts/domain.h"

#include <string>

#include "catch.h"

using namespace tlspolicyd;

namespace {

std::string parsed(std::string_view text) {
  const auto domain = Domain::parse(text);
  return domain ? domain->text() : "error: " + domain.error().text;
}

// `octets` long: labels of 60, then a rest that fills up.
std::string long_name(std::size_t octets) {
  const std::string tail = ".example";
  std::string name;
  while (name.size() + tail.size() + 61 < octets) name += std::string(60, 'a') + '.';
  return name + std::string(octets - name.size() - tail.size(), 'b') + tail;
}

}  // namespace

TEST_CASE("S-07 one domain has one form") {
  for (const char* text : {"b\xc3\xbc"
                           "cher.example",
                           "B\xc3\x9c"
                           "CHER.Example",
                           "b\xc3\xbc"
                           "cher.example.",
                           "xn--bcher-kva.example", "XN--Bcher-KVA.example.",
                           "b\xc2\xad\xc3\xbc"
                           "cher.example",
                           "bu\xcc\x88"
                           "cher\xe3\x80\x82"
                           "example"}) {
    CAPTURE(text);
    CHECK(parsed(text) == "xn--bcher-kva.example");
  }
}

TEST_CASE("S-07 the conversion is the non-transitional one: sharp s stays a letter of its own") {
  CHECK(parsed("fa\xc3\x9f.example") == "xn--fa-hia.example");
}

TEST_CASE("S-07 characters that IDNA maps onto forbidden ones do not get through") {
  const auto [name, text] = GENERATE(table<const char*, std::string>({
      {"account-of sign becomes a/c", "\xe2\x84\x80.example"},
      {"full-width digits become an IP address", "\xef\xbc\x91\xef\xbc\x99\xef\xbc\x92.0.2.\xef\xbc\x91"},
      {"full-width colon becomes a port",
       "b\xc3\xbc"
       "cher.example\xef\xbc\x9a"
       "25"},
      {"underscore must not vanish",
       "a_b.b\xc3\xbc"
       "cher.example"},
      {"blank must not vanish",
       "a b.b\xc3\xbc"
       "cher.example"},
      {"star must not vanish",
       "*.b\xc3\xbc"
       "cher.example"},
      {"NUL must not end it", std::string("b\xc3\xbc"
                                          "cher.example\0.evil.example",
                                          28)},
      {"soft hyphen as a whole label",
       "\xc2\xad.b\xc3\xbc"
       "cher.example"},
      {"unassigned code point", "\xcd\xb8.example"},
      {"not UTF-8", "\xff.example"},
      {"Latin-1",
       "b\xfc"
       "cher.example"},
      {"overlong UTF-8 of a dot",
       "b\xc3\xbc"
       "cher\xc0\xae"
       "example"},
      {"label too long in Punycode", std::string(62, 'a') + "\xc3\xbc.example"},
      {"far too long", "\xc3\xbc" + std::string(20'000, 'a') + ".example"},
  }));
  CAPTURE(name);
  CHECK(parsed(text).substr(0, 6) == "error:");
}

TEST_CASE("D-01 D-21 the names asked are made of the policy domain itself") {
  const auto domain = Domain::parse("D.Example.");
  REQUIRE(domain);
  CHECK(domain->txt_name() == "_mta-sts.d.example");
  CHECK(domain->policy_host() == "mta-sts.d.example");
}

TEST_CASE("D-19 a domain is no longer than what fits behind _mta-sts.") {
  REQUIRE(long_name(244).size() == 244);
  const auto longest = Domain::parse(long_name(244));
  REQUIRE(longest);
  CHECK(longest->txt_name().size() == 253);
  CHECK(Domain::parse(long_name(244) + "."));
  CHECK_FALSE(Domain::parse(long_name(245)));
  CHECK_FALSE(Domain::parse(long_name(250)));
  CHECK(Domain::parse(std::string(63, 'a') + ".example"));
  CHECK_FALSE(Domain::parse(std::string(64, 'a') + ".example"));
}

TEST_CASE("a name in ASCII is taken as it stands: DNS knows no better") {
  CHECK(parsed("a--b.example") == "a--b.example");
  CHECK(parsed("r3---sn.example") == "r3---sn.example");
  CHECK(parsed("xn--ls8h.example") == "xn--ls8h.example");  // an emoji, outside IDNA 2008, yet in use
  CHECK(parsed("1and1.example") == "1and1.example");
  CHECK(parsed("a.b.c.d.e.example") == "a.b.c.d.e.example");
}

TEST_CASE("a refusal says what is wrong") {
  const auto [text, says] = GENERATE(table<std::string, std::string>({
      {"", "the domain name is empty"},
      {".", "the domain name is empty"},
      {"localhost", "\"localhost\" is a single label"},
      {"a..example", "\"a..example\" has an empty label"},
      {"a.example..", "has an empty label"},
      {"-a.example", "begins or ends with a hyphen"},
      {"a_b.example", "\"a_b.example\" holds \"_\""},
      {"a b.example", "holds a blank"},
      {std::string("a\0.example", 10), "holds a NUL"},
      {"192.0.2.1", "ends in a number as IP addresses do"},
      {"\xff.example", "is not valid UTF-8"},
      {"\xcd\xb8.example", "is no internationalised name: "},
  }));
  CAPTURE(text);
  CHECK(parsed(text).find(says) != std::string::npos);
}
