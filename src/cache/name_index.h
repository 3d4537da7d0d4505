// From a domain's text to its slot: an open-addressing table of eight octets a bucket,
// at most four fifths full. The texts themselves stay in the slots.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cache/keyed_hash.h"
#include "cache/slots.h"

namespace tlspolicyd {

class NameIndex {
 public:
  explicit NameIndex(const Slots& slots) : slots_(slots) {}

  [[nodiscard]] SlotIndex find(std::string_view domain) const;  // kNoSlot: unknown
  // Of each, what find() and an answer read, step by step for all: see PolicyCache::expect().
  void expect(std::span<const std::string_view> domains) const;
  void add(SlotIndex slot);     // its domain is not in the table yet
  void remove(SlotIndex slot);  // while the slot still holds its entry

 private:
  struct Bucket {
    std::uint32_t hash = 0;
    SlotIndex slot = kNoSlot;
  };

  [[nodiscard]] std::uint32_t hash_of(std::string_view domain) const {
    return static_cast<std::uint32_t>(hash_(domain));
  }
  [[nodiscard]] std::size_t mask() const { return buckets_.size() - 1; }
  [[nodiscard]] const Entry* likely(std::uint32_t hash) const;
  void place(Bucket bucket);
  void grow();

  const Slots& slots_;
  KeyedHash hash_;
  std::vector<Bucket> buckets_;  // none, or a power of two
  std::size_t used_ = 0;
};

}  // namespace tlspolicyd
