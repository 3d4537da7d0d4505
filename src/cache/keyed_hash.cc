#include "cache/keyed_hash.h"

#include <bit>
#include <cstring>
#include <random>

namespace tlspolicyd {
namespace {

struct SipState {
  std::uint64_t a, b, c, d;

  void round() noexcept {
    a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
    c += d, d = std::rotl(d, 16) ^ c;
    a += d, d = std::rotl(d, 21) ^ a;
    c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
  }
  void take(std::uint64_t word) noexcept {
    d ^= word;
    round();
    a ^= word;
  }
};

// The octets as a number, the first one lowest, as the published vectors have it.
std::uint64_t word_of(const char* octets, std::size_t count) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, octets, count);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

std::uint64_t random_word() {
  std::random_device source;
  return std::uint64_t{source()} << 32 | source();
}

}  // namespace

KeyedHash::KeyedHash() : key_{random_word(), random_word()} {}

std::uint64_t KeyedHash::operator()(std::string_view text) const noexcept {
  SipState state{key_.first ^ 0x736f6d6570736575, key_.second ^ 0x646f72616e646f6d, key_.first ^ 0x6c7967656e657261,
                 key_.second ^ 0x7465646279746573};
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) state.take(word_of(text.data() + at, 8));
  state.take(std::uint64_t{text.size()} << 56 | word_of(text.data() + whole, text.size() - whole));
  state.c ^= 0xff;
  for (int i = 0; i < 3; ++i) state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace tlspolicyd
