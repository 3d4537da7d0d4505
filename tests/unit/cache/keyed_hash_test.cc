#include "cache/keyed_hash.h"

#include <string>

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("the hash is SipHash-1-3") {
  const KeyedHash hash(KeyedHash::Key{0x0706050403020100, 0x0f0e0d0c0b0a0908});
  std::string text;
  const auto octets = [&](std::size_t count) {
    text.clear();
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(i);
    return hash(text);
  };
  CHECK(octets(0) == 0xabac0158050fc4dc);
  CHECK(octets(1) == 0xc9f49bf37d57ca93);
  CHECK(octets(7) == 0xd3927d989bb11140);
  CHECK(octets(8) == 0x369095118d299a8e);
  CHECK(octets(15) == 0xd320d86d2a519956);
}

TEST_CASE("each process hashes its own way") { CHECK(KeyedHash()("d.example") != KeyedHash()("d.example")); }
