#include "cache/recency.h"

namespace tlspolicyd {

void Recency::add(SlotIndex index) {
  Slot& slot = slots_[index];
  const bool line_empty = newest_ == kNoSlot;
  slot.in_line = line_empty || slots_[newest_].entry.last_asked <= slot.entry.last_asked;
  if (!slot.in_line) return strays_.add(index);
  slot.older = newest_;
  slot.newer = kNoSlot;
  (line_empty ? oldest_ : slots_[newest_].newer) = index;
  newest_ = index;
}

void Recency::remove(SlotIndex index) {
  Slot& slot = slots_[index];
  if (!slot.in_line) return strays_.remove(index);
  (slot.older == kNoSlot ? oldest_ : slots_[slot.older].newer) = slot.newer;
  (slot.newer == kNoSlot ? newest_ : slots_[slot.newer].older) = slot.older;
}

SlotIndex Recency::oldest() const {
  if (strays_.empty()) return oldest_;
  const SlotIndex stray = strays_.top();
  if (oldest_ == kNoSlot) return stray;
  return slots_[stray].entry.last_asked < slots_[oldest_].entry.last_asked ? stray : oldest_;
}

}  // namespace tlspolicyd
