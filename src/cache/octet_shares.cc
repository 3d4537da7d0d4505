#include "cache/octet_shares.h"

#include <algorithm>
#include <numeric>

namespace tlspolicyd {
namespace {

std::uint64_t above(std::span<const std::uint64_t> held, std::uint64_t level) {
  std::uint64_t sum = 0;
  for (const std::uint64_t octets : held) sum += octets - std::min(octets, level);
  return sum;
}

}  // namespace

// The highest level that all can be cut to so that it is enough.
std::vector<std::uint64_t> octet_shares(std::span<const std::uint64_t> held, std::uint64_t needed) {
  std::uint64_t low = 0, high = std::accumulate(held.begin(), held.end(), std::uint64_t{0});
  while (low < high) {
    const std::uint64_t level = low + (high - low + 1) / 2;
    if (above(held, level) >= needed) low = level;
    else high = level - 1;
  }
  std::vector<std::uint64_t> shares;
  for (const std::uint64_t octets : held) shares.push_back(octets - std::min(octets, low));
  return shares;
}

}  // namespace tlspolicyd
