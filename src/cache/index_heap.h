// A binary min-heap of slot numbers in which every member knows its place, so that any
// of them can leave. Four octets a member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tlspolicyd {

// `Order` has
//   bool before(std::uint32_t a, std::uint32_t b)   a belongs nearer to the top;
//   std::uint32_t& place(std::uint32_t slot)        where this heap notes the place.
template <typename Order>
class IndexHeap {
 public:
  static constexpr std::uint32_t kNowhere = 0xffffffff;

  explicit IndexHeap(Order order) : order_(std::move(order)) {}

  [[nodiscard]] bool empty() const { return slots_.empty(); }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] std::uint32_t top() const { return slots_.front(); }
  [[nodiscard]] std::uint32_t at(std::size_t place) const { return slots_[place]; }

  void add(std::uint32_t slot) {
    slots_.push_back(slot);
    rise(slots_.size() - 1, slot);
  }

  void remove(std::uint32_t slot) {
    const std::size_t place = std::exchange(order_.place(slot), kNowhere);
    const std::uint32_t last = slots_.back();
    slots_.pop_back();
    if (place == slots_.size()) return;
    if (place > 0 && order_.before(last, slots_[(place - 1) / 2])) rise(place, last);
    else sink(place, last);
  }

 private:
  void set(std::size_t place, std::uint32_t slot) {
    slots_[place] = slot;
    order_.place(slot) = static_cast<std::uint32_t>(place);
  }
  void rise(std::size_t place, std::uint32_t slot) {
    while (place > 0 && order_.before(slot, slots_[(place - 1) / 2])) {
      set(place, slots_[(place - 1) / 2]);
      place = (place - 1) / 2;
    }
    set(place, slot);
  }
  void sink(std::size_t place, std::uint32_t slot) {
    for (std::size_t child = 2 * place + 1; child < slots_.size(); child = 2 * place + 1) {
      if (child + 1 < slots_.size() && order_.before(slots_[child + 1], slots_[child])) ++child;
      if (!order_.before(slots_[child], slot)) break;
      set(place, slots_[child]);
      place = child;
    }
    set(place, slot);
  }

  Order order_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace tlspolicyd
