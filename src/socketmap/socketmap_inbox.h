// What the connections of one server received in one turn of the loop, until it is worked
// off all together. No allocation.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace tlspolicyd {

class SocketmapInbox {
 public:
  static constexpr std::size_t kRead = 16'384;  // octets read at once

  // Where the next read goes; there is always one.
  [[nodiscard]] std::span<char> room() { return std::span(octets_).subspan(used_, kRead); }
  // The first `size` octets of room() stay until clear(). False: nothing more must be kept.
  [[nodiscard]] bool keep(std::size_t size) {
    used_ += size;
    return used_ + 2 * kRead <= octets_.size();
  }
  void clear() { used_ = 0; }

 private:
  std::array<char, 4 * kRead> octets_;
  std::size_t used_ = 0;
};

}  // namespace tlspolicyd
