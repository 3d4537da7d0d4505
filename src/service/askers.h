// Those who wait for one thing, in the order of asking. Whoever has left is forgotten before more
// memory is set aside: a crowd that comes and goes while a name server is silent costs no more
// than those who are there. Answer loop only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "event/executor.h"

namespace tlspolicyd {

// Who is told writes a reply, and goes on with what its connection asked meanwhile.
inline constexpr std::size_t kAskersATurn = 16;

template <typename Asker>
class Askers {
 public:
  // Is there as long as somebody else holds it.
  void add(const std::shared_ptr<Asker>& asker) {
    if (askers_.size() == askers_.capacity()) make_room();
    askers_.push_back(asker);
  }
  // `use` may end any of them, and add none.
  template <typename Use>
  void each(const Use& use) const {
    for (const std::weak_ptr<Asker>& weak : askers_)
      if (const auto asker = weak.lock()) use(*asker);
  }
  // The same, with `some` of them told at once and as many in each task that follows: others get
  // their turn between. `use` is copied and may outlive all but the loop.
  template <typename Use>
  void each_in_turns(Executor& loop, std::size_t some, const Use& use) && {
    std::vector<std::weak_ptr<Asker>> rest = std::exchange(askers_, {});
    tell_some(loop, some, std::move(rest), 0, use);
  }
  template <typename Is>
  [[nodiscard]] bool any(const Is& is) const {
    return std::any_of(askers_.begin(), askers_.end(), [&](const std::weak_ptr<Asker>& weak) {
      const auto asker = weak.lock();
      return asker && is(*asker);
    });
  }
  // Memory set aside, in askers.
  [[nodiscard]] std::size_t capacity() const { return askers_.capacity(); }

 private:
  template <typename Use>
  static void tell_some(Executor& loop, std::size_t some, std::vector<std::weak_ptr<Asker>> askers, std::size_t from, const Use& use) {
    const std::size_t to = std::min(from + some, askers.size());
    for (; from < to; ++from)
      if (const auto asker = askers[from].lock()) use(*asker);
    if (to == askers.size()) return;
    loop.post([&loop, some, rest = std::move(askers), to, use]() mutable { tell_some(loop, some, std::move(rest), to, use); });
  }
  // To twice of who is there, so that looking at all of them stays rare.
  void make_room() {
    std::erase_if(askers_, [](const std::weak_ptr<Asker>& weak) { return weak.expired(); });
    askers_.reserve(std::max<std::size_t>(2 * askers_.size(), 4));
  }

  std::vector<std::weak_ptr<Asker>> askers_;
};

}  // namespace tlspolicyd
