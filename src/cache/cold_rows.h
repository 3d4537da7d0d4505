// The names of live rows in the store that the cache does not hold, as keyed hashes: 8 bytes a name
// in a table that is two to four fifths full, so 10 to 20. Two names that fall together, one pair in
// millions of years, cost a read of the store. Answer loop only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cache/keyed_hash.h"

namespace tlspolicyd {

class ColdRows {
 public:
  // A small number that is kept with each row, in bits of its hash.
  static constexpr unsigned kTags = 8;

  void add(const Domain& domain, unsigned tag = 0);
  void remove(const Domain& domain);
  void clear();
  [[nodiscard]] bool contains(const Domain& domain) const;
  [[nodiscard]] unsigned tag_of(const Domain& domain) const;  // 0 where there is no such row
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  // An open-addressing table, at most four fifths full; 0: free.
  struct Part {
    std::vector<std::uint64_t> places;  // none, or a power of two
    std::size_t used = 0;

    [[nodiscard]] std::size_t find(std::uint64_t hash) const;  // its place, or the free one for it
    void grow();
  };
  static constexpr unsigned kTagShift = 53;  // below the number of the part, above any index into it
  static constexpr std::uint64_t kTagBits = std::uint64_t{kTags - 1} << kTagShift;

  [[nodiscard]] std::uint64_t hash_of(const Domain& domain) const;
  [[nodiscard]] std::uint64_t place_of(const Domain& domain) const;  // 0: not there
  // Each part grows by itself, so that no growth of millions takes long.
  static constexpr std::size_t kParts = 256;
  [[nodiscard]] static std::size_t part_of(std::uint64_t hash) { return hash >> 56; }

  KeyedHash hash_;
  std::array<Part, kParts> parts_;
  std::size_t size_ = 0;
};

}  // namespace tlspolicyd
