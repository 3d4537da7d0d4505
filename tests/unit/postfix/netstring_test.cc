#include "postfix/netstring.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("rule 1 a frame is read once its last octet is there, at every split") {
  const std::string frame = "19:QUERY d.example.net,";
  for (std::size_t cut = 0; cut < frame.size(); ++cut) {
    CAPTURE(cut);
    const auto part = read_netstring(std::string_view(frame).substr(0, cut), kMaxRequest);
    REQUIRE(part);
    CHECK_FALSE(*part);
  }
  const std::string joined = frame + "5:after";
  const auto whole = read_netstring(joined, kMaxRequest);
  REQUIRE(whole);
  REQUIRE(*whole);
  CHECK((*whole)->payload == "QUERY d.example.net");
  CHECK((*whole)->size == frame.size());
}

TEST_CASE("rule 1 legal lengths") {
  const auto [name, buffer, payload] = GENERATE(table<const char*, std::string, std::string>({
      {"empty payload", "0:,", ""},
      {"leading zeros", "0000000003:abc,", "abc"},
      {"payload like a frame", "6:1:a,,,,", "1:a,,,"},
      {"NUL and high octets", std::string("3:\0\xff\n,", 6), std::string("\0\xff\n", 3)},
  }));
  CAPTURE(name);
  const auto frame = read_netstring(buffer, kMaxRequest);
  REQUIRE(frame);
  REQUIRE(*frame);
  CHECK((*frame)->payload == payload);
}

TEST_CASE("S-09 malformed frames are refused as soon as they show") {
  const auto [name, buffer] = GENERATE(table<const char*, std::string>({
      {"no digits", ":"},
      {"sign", "+"},
      {"minus", "-1:a,"},
      {"leading blank", " 1:a,"},
      {"blank before the colon", "1 :a,"},
      {"hexadecimal", "0x"},
      {"letter", "GET / HTTP/1.0"},
      {"TLS ClientHello", "\x16\x03\x01"},
      {"line break", "1\n"},
      {"no comma", "1:ab"},
      {"line break for the comma", "1:a\n"},
      {"eleven digits", "00000000001"},
      {"over the bound", "32769"},
      {"over 32 bits", "9999999999:"},
      {"non-ASCII digit", "\xd9\xa1"},
  }));
  CAPTURE(name);
  CHECK_FALSE(read_netstring(buffer, kMaxRequest));
}

TEST_CASE("rule 1 requests up to the bound are legal, 20 kB among them") {
  const std::string key(GENERATE(20'000u, kMaxRequest), 'k');
  const std::string buffer = std::to_string(key.size()) + ":" + key + ",";
  const auto frame = read_netstring(buffer, kMaxRequest);
  REQUIRE(frame);
  REQUIRE(*frame);
  CHECK((*frame)->payload == key);
}

TEST_CASE("frames are written in the shortest form") {
  const auto [payload, written] = GENERATE(table<std::string, std::string>({
      {"", "0:,"},
      {"NOTFOUND ", "9:NOTFOUND ,"},
      {"0123456789", "10:0123456789,"},
  }));
  std::string out = "before";
  append_netstring(out, payload);
  CHECK(out == "before" + written);
}
