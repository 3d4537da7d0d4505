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
    const auto crowd = std::make_shared<Crowd<Use>>(Crowd<Use>{std::exchange(askers_, {}), some, use});
    for (std::size_t from = some; from < crowd->askers.size(); from += some)
      loop.post([crowd, from] { crowd->tell(from); });
    crowd->tell(0);
  }
  template <typename Is>
  [[nodiscard]] bool any(const Is& is) const {
    return std::any_of(askers_.begin(), askers_.end(), [&](const std::weak_ptr<Asker>& weak) {
      const auto asker = weak.lock();
      return asker && is(*asker);
    });
  }
  // Some may have left.
  [[nodiscard]] std::size_t size() const { return askers_.size(); }
  // Memory set aside, in askers.
  [[nodiscard]] std::size_t capacity() const { return askers_.capacity(); }

 private:
  template <typename Use>
  struct Crowd {
    void tell(std::size_t from) const {
      for (const std::size_t to = std::min(from + some, askers.size()); from < to; ++from)
        if (const auto asker = askers[from].lock()) use(*asker);
    }
    std::vector<std::weak_ptr<Asker>> askers;
    std::size_t some;
    Use use;
  };
  // To twice of who is there, so that looking at all of them stays rare.
  void make_room() {
    std::erase_if(askers_, [](const std::weak_ptr<Asker>& weak) { return weak.expired(); });
    askers_.reserve(std::max<std::size_t>(2 * askers_.size(), 4));
  }

  std::vector<std::weak_ptr<Asker>> askers_;
};

}  // namespace tlspolicyd
