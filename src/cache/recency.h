// The entries of one worth and size class by when they were last asked for, exactly, in constant time
// for all that happens in the order of time.
//
// Those that came in order stand in a line linked through the slots. An entry that comes
// with an older time (loaded from the store, or sunk in worth) waits in a heap beside it
// until it is asked for again.
#pragma once

#include "cache/index_heap.h"
#include "cache/slots.h"

namespace tlspolicyd {

class Recency {
 public:
  explicit Recency(Slots& slots) : slots_(slots), strays_(ByLastAsked{&slots}) {}

  void add(SlotIndex slot);
  void remove(SlotIndex slot);
  // The one asked for least recently, kNoSlot if there is none.
  [[nodiscard]] SlotIndex oldest() const;

 private:
  struct ByLastAsked {
    Slots* slots;
    [[nodiscard]] bool before(SlotIndex a, SlotIndex b) const {
      return (*slots)[a].entry.last_asked < (*slots)[b].entry.last_asked;
    }
    [[nodiscard]] std::uint32_t& place(SlotIndex slot) const { return (*slots)[slot].older; }
  };

  Slots& slots_;
  IndexHeap<ByLastAsked> strays_;
  SlotIndex oldest_ = kNoSlot;  // ends of the line
  SlotIndex newest_ = kNoSlot;
};

}  // namespace tlspolicyd
