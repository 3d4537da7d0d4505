#include "net/special_use.h"

#include <algorithm>
#include <initializer_list>

namespace tlspolicyd {
namespace {

using Family = IpAddress::Family;

struct Block {
  IpAddress first;
  int bits;
  std::string_view use;
};

constexpr Block v4(std::initializer_list<std::uint8_t> octets, int bits, std::string_view use) {
  Block block{{Family::v4, {}}, bits, use};
  std::copy(octets.begin(), octets.end(), block.first.octets.begin());
  return block;
}

constexpr Block v6(std::initializer_list<std::uint16_t> groups, int bits, std::string_view use) {
  Block block{{Family::v6, {}}, bits, use};
  std::size_t at = 0;
  for (const std::uint16_t group : groups) {
    block.first.octets[at++] = static_cast<std::uint8_t>(group >> 8);
    block.first.octets[at++] = static_cast<std::uint8_t>(group & 0xff);
  }
  return block;
}

constexpr std::array kBlocks{
    v4({0}, 8, "this network, RFC 791"),
    v4({10}, 8, "private, RFC 1918"),
    v4({100, 64}, 10, "carrier-grade NAT, RFC 6598"),
    v4({127}, 8, "loopback, RFC 1122"),
    v4({169, 254}, 16, "link-local, RFC 3927"),
    v4({172, 16}, 12, "private, RFC 1918"),
    v4({192, 0, 0}, 24, "protocol assignments, RFC 6890"),
    v4({192, 0, 2}, 24, "documentation, RFC 5737"),
    v4({192, 88, 99}, 24, "6to4 relays, RFC 7526"),
    v4({192, 168}, 16, "private, RFC 1918"),
    v4({198, 18}, 15, "benchmarking, RFC 2544"),
    v4({198, 51, 100}, 24, "documentation, RFC 5737"),
    v4({203, 0, 113}, 24, "documentation, RFC 5737"),
    v4({224}, 4, "multicast, RFC 1112"),
    v4({255, 255, 255, 255}, 32, "broadcast, RFC 919"),
    v4({240}, 4, "reserved, RFC 1112"),
    v6({0, 0, 0, 0, 0, 0, 0, 0}, 128, "unspecified, RFC 4291"),
    v6({0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback, RFC 4291"),
    v6({0, 0, 0, 0, 0, 0xffff}, 96, "IPv4-mapped, RFC 4291"),
    v6({0x64, 0xff9b, 1}, 48, "local NAT64, RFC 8215"),
    v6({0}, 8, "reserved, RFC 4291"),
    v6({0x100}, 8, "discard-only and reserved, RFC 6666"),
    v6({0x2001}, 23, "protocol assignments, RFC 2928"),
    v6({0x2001, 0xdb8}, 32, "documentation, RFC 3849"),
    v6({0x3fff}, 20, "documentation, RFC 9637"),
    v6({0x5f00}, 16, "segment routing, RFC 9602"),
    v6({0xfc00}, 7, "unique local, RFC 4193"),
    v6({0xfe80}, 10, "link-local, RFC 4291"),
    v6({0xfec0}, 10, "site-local, RFC 3879"),
    v6({0xff00}, 8, "multicast, RFC 4291"),
};

// IPv6 blocks that carry an IPv4 address and are as good or bad as that one.
struct Carrier {
  Block block;
  std::size_t at;         // first of its four octets
  std::uint8_t inverted;  // 0xff where they are sent inverted
};

constexpr std::array kCarriers{
    Carrier{v6({0x64, 0xff9b, 0, 0, 0, 0}, 96, "NAT64, RFC 6052"), 12, 0},
    Carrier{v6({0x2002}, 16, "6to4, RFC 3056"), 2, 0},
    Carrier{v6({0x2001, 0}, 32, "Teredo server, RFC 4380"), 4, 0},
    Carrier{v6({0x2001, 0}, 32, "Teredo client, RFC 4380"), 12, 0xff},
};

bool within(const IpAddress& address, const Block& block) {
  if (address.family != block.first.family) return false;
  const auto whole = static_cast<std::size_t>(block.bits / 8);
  const auto begin = address.octets.begin();
  if (!std::equal(begin, begin + static_cast<std::ptrdiff_t>(whole), block.first.octets.begin())) return false;
  const int rest = block.bits % 8;
  return rest == 0 || (address.octets[whole] ^ block.first.octets[whole]) >> (8 - rest) == 0;
}

IpAddress carried(const IpAddress& address, const Carrier& carrier) {
  IpAddress inner{Family::v4, {}};
  for (std::size_t i = 0; i < 4; ++i) inner.octets[i] = address.octets[carrier.at + i] ^ carrier.inverted;
  return inner;
}

std::string_view listed(const IpAddress& address) {
  for (const Block& block : kBlocks)
    if (within(address, block)) return block.use;
  return {};
}

// Blocks that are not public and that a translator may have all the same. What a resolver says of
// loopback or link-local addresses makes no translator of them.
constexpr std::array kOfTranslators{
    v6({0xfc00}, 7, "unique local, RFC 4193"),
    v6({0x64, 0xff9b, 1}, 48, "local NAT64, RFC 8215"),
    v6({0x64, 0xff9b, 0, 0, 0, 0}, 96, "NAT64, RFC 6052"),
};

bool leads_elsewhere(const Nat64Prefix& prefix) {
  if (listed(prefix.first).empty()) return true;
  return std::any_of(kOfTranslators.begin(), kOfTranslators.end(),
                     [&](const Block& block) { return prefix.bits >= block.bits && within(prefix.first, block); });
}

}  // namespace

std::string_view special_use(const IpAddress& address, const Nat64Prefixes& nat64) {
  bool carrier_seen = false;
  for (const Nat64Prefix& prefix : nat64) {
    const auto inner = leads_elsewhere(prefix) ? ipv4_behind(address, prefix) : std::nullopt;
    if (!inner) continue;
    carrier_seen = true;
    if (const auto use = listed(*inner); !use.empty()) return use;
  }
  for (const Carrier& carrier : kCarriers) {
    if (!within(address, carrier.block)) continue;
    carrier_seen = true;
    if (const auto use = listed(carried(address, carrier)); !use.empty()) return use;
  }
  return carrier_seen ? std::string_view() : listed(address);
}

}  // namespace tlspolicyd
