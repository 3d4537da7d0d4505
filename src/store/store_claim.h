// The right to write the store where another daemon may have it, as while one takes the place of
// another: until that one ends this one only reads. Answer loop only.
#pragma once

#include <functional>
#include <memory>

#include "base/log.h"
#include "store/store_lane.h"
#include "event/timer.h"

namespace tlspolicyd {

class StoreClaim {
 public:
  static constexpr milliseconds kPause{1000};  // between two tries

  struct Parts {  // all outlive this object
    StoreLane& lane;
    Timers& timers;
    Logger& log;
  };
  // `held`: what Store::claim() has said. `on_tried`: after each further try.
  StoreClaim(Parts parts, bool held, std::function<void()> on_tried);

  [[nodiscard]] bool held() const { return held_; }
  void try_now();

 private:
  void on_answer(bool held);

  Parts parts_;
  bool held_;
  bool trying_ = false;
  std::function<void()> on_tried_;
  std::unique_ptr<Timer> next_;
};

}  // namespace tlspolicyd
