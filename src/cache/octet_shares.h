// Who gives up room, and how much: those who hold most. Pure.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace tlspolicyd {

// Entries and rows are classed by size in powers of two, from at most 512 octets to more than
// 64 KiB. Large ones then make room for large ones, and few of them push no crowd of small ones
// out.
inline constexpr std::size_t kSizeClasses = 9;
[[nodiscard]] constexpr std::size_t size_class_of(std::uint64_t octets) {
  constexpr std::size_t kSmallest = 9;  // bits of 511
  const auto bits = static_cast<std::size_t>(std::bit_width(octets));
  return bits <= kSmallest ? 0 : std::min(bits - kSmallest, kSizeClasses - 1);
}

// Of each holder what it gives so that `needed` octets come together, or all where there is not so
// much: the one that holds most gives until it holds no more than the next, then both, and so on.
[[nodiscard]] std::vector<std::uint64_t> octet_shares(std::span<const std::uint64_t> held, std::uint64_t needed);

}  // namespace tlspolicyd
