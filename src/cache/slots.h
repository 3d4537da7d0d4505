// Where the cache's entries lie: numbered slots that never move, reused after release.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sts/entry.h"

namespace tlspolicyd {

using SlotIndex = std::uint32_t;
inline constexpr SlotIndex kNoSlot = 0xffffffff;

// In the order in which they go for lack of room.
enum class Worth : std::uint8_t { little, some, most };  // absent or expired; live none and testing; live enforce
inline constexpr std::size_t kWorths = 3;

struct Slot {
  explicit Slot(Entry held) : entry(std::move(held)) {}

  Entry entry;                          // moved from while the slot is free
  SlotIndex older = kNoSlot;            // Recency's: the neighbour in the line, or the place in its heap
  SlotIndex newer = kNoSlot;            // Recency's; the next free slot while this one is free
  std::uint32_t due_place = kNoSlot;    // in the heap of what falls due
  std::uint32_t lapse_place = kNoSlot;  // in the heap of live policies
  std::uint32_t octets = 0;             // octets_of(entry)
  Worth worth = Worth::little;
  bool in_line = false;  // Recency's
  bool free = false;
};

class Slots {
 public:
  [[nodiscard]] Slot& operator[](SlotIndex index) { return chunks_[index / kChunk][index % kChunk]; }
  [[nodiscard]] const Slot& operator[](SlotIndex index) const { return chunks_[index / kChunk][index % kChunk]; }
  // All slots there ever were: free ones count.
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] SlotIndex take(Entry entry);
  void release(SlotIndex index);

 private:
  // Small enough for an idle daemon's memory, large enough that the blocks' own cost vanishes.
  static constexpr std::size_t kChunk = 256;

  std::vector<std::vector<Slot>> chunks_;  // each reserved once, so that slots stay where they are
  std::size_t size_ = 0;
  SlotIndex first_free_ = kNoSlot;
};

}  // namespace tlspolicyd
