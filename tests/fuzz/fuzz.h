// What the fuzz targets share: an input taken apart from its front, and invariants. A
// target defines LLVMFuzzerTestOneInput(); libFuzzer or replay.cc calls it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tlspolicyd::fuzz {

// Ends the program if an invariant does not hold: libFuzzer keeps the input then, and so
// does replay.cc.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "invariant broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// Once the input is used up, numbers are 0 and texts are empty.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : left_(reinterpret_cast<const char*>(data), data == nullptr ? 0 : size) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  [[nodiscard]] std::string_view rest() { return std::exchange(left_, {}); }
  [[nodiscard]] std::string_view take(std::size_t most) {
    const std::string_view taken = left_.substr(0, most);
    left_.remove_prefix(taken.size());
    return taken;
  }
  // In network order.
  [[nodiscard]] std::uint64_t number(std::size_t octets) {
    std::uint64_t value = 0;
    for (const char octet : take(octets)) value = value << 8 | static_cast<std::uint8_t>(octet);
    return value;
  }
  [[nodiscard]] bool flag() { return (number(1) & 1) != 0; }
  // One of the numbers from 0 on, `count` of them.
  [[nodiscard]] std::size_t choose(std::size_t count) { return number(1) % count; }
  // Up to `separator`, which is dropped.
  [[nodiscard]] std::string_view until(char separator) {
    const auto end = std::min(left_.find(separator), left_.size());
    const std::string_view piece = take(end);
    left_.remove_prefix(std::min<std::size_t>(1, left_.size()));
    return piece;
  }

 private:
  std::string_view left_;
};

// `text` in pieces of 1 to 64 octets, or more where few would do: the same for the same seed.
inline std::vector<std::string_view> in_pieces(std::string_view text, std::uint64_t seed) {
  std::vector<std::string_view> pieces;
  const std::size_t step = text.size() / 64 + 1;
  while (!text.empty()) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    pieces.push_back(text.substr(0, step * (1 + (seed >> 33) % 64)));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// Fit for a line of the log or of a terminal.
inline bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace tlspolicyd::fuzz
