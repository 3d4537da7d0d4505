#include "cache/slots.h"

namespace tlspolicyd {

SlotIndex Slots::take(Entry entry) {
  if (first_free_ != kNoSlot) {
    const SlotIndex index = first_free_;
    Slot& slot = (*this)[index];
    first_free_ = slot.newer;
    slot.entry = std::move(entry);
    slot.newer = kNoSlot;
    slot.free = false;
    return index;
  }
  if (size_ % kChunk == 0) chunks_.emplace_back().reserve(kChunk);
  chunks_.back().emplace_back(std::move(entry));
  return static_cast<SlotIndex>(size_++);
}

void Slots::release(SlotIndex index) {
  Slot& slot = (*this)[index];
  const Entry dropped = std::move(slot.entry);
  slot.newer = first_free_;
  slot.free = true;
  first_free_ = index;
}

}  // namespace tlspolicyd
