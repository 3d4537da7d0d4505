// Whose turn it is when one more question may go to a resolver. Pure.
//
// Kinds of questions share the turns by weight, so that none starves another, however many of it
// strangers cause. What a kind does not use goes to the first in order that waits. Within a kind the
// newest goes first: its asker still waits, while older ones may have been answered by
// reply_timeout. But one turn in eight is the oldest's, else a crowd that never ends would let it
// wait for ever. Refreshes go in order of asking.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <string_view>

#include "dns/dns.h"

namespace tlspolicyd {

template <typename Item>
class DnsTurns {
 public:
  static constexpr std::size_t kOldestTurn = 8;
  using Place = typename std::list<Item>::iterator;

  [[nodiscard]] Place add(DnsTurn kind, Item item) {
    std::list<Item>& line = of(kind);
    return line.insert(kind == DnsTurn::refresh ? line.end() : line.begin(), std::move(item));
  }
  void remove(DnsTurn kind, Place place) { of(kind).erase(place); }

  [[nodiscard]] bool empty() const {
    for (const auto& line : lines_)
      if (!line.empty()) return false;
    return true;
  }
  // Of what is not empty. The item leaves the line.
  [[nodiscard]] Item take() {
    std::list<Item>& line = next_line();
    const bool oldest = ++taken_ % kOldestTurn == 0 && &line != &of(DnsTurn::refresh);
    const Place place = oldest ? std::prev(line.end()) : line.begin();
    Item item = std::move(*place);
    line.erase(place);
    return item;
  }

 private:
  // e: DANE of an enforced policy, f: first contact, h: mail hosts of first contacts, r: refresh.
  static constexpr std::string_view kWeights = "efehefefehefefer";

  [[nodiscard]] std::list<Item>& of(DnsTurn kind) { return lines_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::list<Item>& next_line() {
    const auto preferred = kOrder.find(kWeights[turn_++ % kWeights.size()]);
    if (!lines_[preferred].empty()) return lines_[preferred];
    std::size_t at = 0;
    while (lines_[at].empty()) ++at;
    return lines_[at];
  }

  static constexpr std::string_view kOrder = "efhr";  // as DnsTurn
  std::array<std::list<Item>, kOrder.size()> lines_;
  std::size_t turn_ = 0, taken_ = 0;
};

}  // namespace tlspolicyd
