// The ages of policies that were loaded from the store, which says when they were fetched by the
// wall clock. A machine may boot with a clock that is behind; they are then taken for younger
// than they are until somebody, such as NTP, sets it. What was fetched since the start has its
// age from a clock that never steps, and no step changes that. Answer loop only.
#pragma once

#include <memory>

#include "cache/policy_cache.h"
#include "store/store_shadow.h"
#include "event/timer.h"
#include "learn/learner.h"

namespace tlspolicyd {

class StoredAges {
 public:
  struct Parts {  // all outlive this object
    Learner& learner;
    PolicyCache& cache;
    StoreShadow& shadow;
    Timers& timers;
    const Clock& clock;
  };
  explicit StoredAges(Parts parts);

  // To be called every minute or so; `step`: by how much the wall clock was set since.
  void look(seconds step);

 private:
  void walk();
  void correct(const Entry& entry);

  Parts parts_;
  LifeTime started_;
  bool settled_ = false;                  // the window is over
  bool older_ = false;                    // the walk under way makes policies older
  WallTime too_young_ = WallTime::min();  // and forgets stored times that are false, up to this
  std::size_t cursor_ = 0;
  std::unique_ptr<Timer> next_;
};

}  // namespace tlspolicyd
