// The way from the loop to the store's thread and back. What comes back after this
// object is gone is dropped, so its owner may capture `this`. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "cache/store.h"
#include "event/executor.h"
#include "event/worker_lane.h"

namespace tlspolicyd {

class StoreLane {
 public:
  // Both executors outlive this object; `store` may be null. `on_loss`: the store lost
  // rows, see Store::take_loss().
  StoreLane(Executor& lane, Executor& loop, std::shared_ptr<Store> store, std::function<void()> on_loss)
      : lane_(lane), loop_(loop), store_(std::move(store)), on_loss_(std::move(on_loss)) {}

  [[nodiscard]] bool has_store() const { return store_ != nullptr; }

  // `work(Store&)` on the lane, then `done(result)` on the loop, both in order of asking.
  template <typename Work, typename Done>
  void ask(Work work, Done done) {
    submit(lane_, loop_,
           [store = store_, work = std::move(work)] {
             auto result = work(*store);
             return std::pair(std::move(result), store->take_loss());
           },
           [this, alive = std::weak_ptr(alive_), done = std::move(done)](auto both) mutable {
             if (alive.expired()) return;
             if (both.second) on_loss_();
             done(std::move(both.first));
           });
  }

  // `task` on a later turn of the loop.
  void later(std::function<void()> task) {
    loop_.post([alive = std::weak_ptr(alive_), task = std::move(task)] {
      if (!alive.expired()) task();
    });
  }

 private:
  Executor& lane_;
  Executor& loop_;
  std::shared_ptr<Store> store_;  // touched on the lane alone
  std::function<void()> on_loss_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tlspolicyd
