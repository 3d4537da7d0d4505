// Looks at entries when they fall due: refreshes policies in use in the background,
// drops those that have run out; and looks whether the wall clock was set. RFC 8461 sections 3.3
// and 10.2. Answer loop only.
#pragma once

#include <memory>

#include "cache/policy_cache.h"
#include "store/store_shadow.h"
#include "event/timer.h"
#include "fetch/fetch_queue.h"
#include "learn/learner.h"
#include "learn/stored_ages.h"

namespace tlspolicyd {

class Refresher {
 public:
  struct Parts {  // all outlive this object
    Learner& learner;
    const FetchQueue& fetches;
    PolicyCache& cache;
    StoreShadow& shadow;
    Timers& timers;
    const Clock& clock;
    Logger& log;
  };
  explicit Refresher(Parts parts);

  void start();

 private:
  void look();
  void handle(const Entry& entry, LifeTime now);
  void drop(const Entry& entry, LifeTime now);

  Parts parts_;
  StoredAges ages_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace tlspolicyd
