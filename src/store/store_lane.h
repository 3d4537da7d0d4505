// The way from the loop to the store's threads and back. What comes back after this
// object is gone is dropped, so its owner may capture `this`. Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "store/store.h"
#include "event/executor.h"
#include "event/worker_lane.h"

namespace tlspolicyd {

class StoreLane {
 public:
  struct Threads {  // all outlive this object
    Executor& lane;
    Executor& sync_lane;
    Executor& loop;
  };
  // `store` may be null. `on_loss`: the store lost rows, see Store::take_loss().
  StoreLane(Threads threads, std::shared_ptr<Store> store, std::function<void()> on_loss)
      : threads_(threads), store_(std::move(store)), on_loss_(std::move(on_loss)) {}

  [[nodiscard]] bool has_store() const { return store_ != nullptr; }

  // `work(Store&)` on the lane, then `done(result)` on the loop, both in order of asking.
  template <typename Work, typename Done>
  void ask(Work work, Done done) {
    submit(
        threads_.lane, threads_.loop,
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

  // Store::sync() on its lane, then `done(result)` on the loop.
  template <typename Done>
  void sync(Done done) {
    submit(
        threads_.sync_lane, threads_.loop, [store = store_] { return store->sync(); },
        [alive = std::weak_ptr(alive_), done = std::move(done)](const Result<void>& synced) {
          if (!alive.expired()) done(synced);
        });
  }

  // `task` on a later turn of the loop.
  void later(std::function<void()> task) {
    threads_.loop.post([alive = std::weak_ptr(alive_), task = std::move(task)] {
      if (!alive.expired()) task();
    });
  }

 private:
  Threads threads_;
  std::shared_ptr<Store> store_;  // touched on the lanes alone
  std::function<void()> on_loss_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tlspolicyd
