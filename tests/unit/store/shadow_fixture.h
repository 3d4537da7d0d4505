// A shadow over a fake store, with time and both threads in the test's hands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"
#include "fakes/memory_store.h"
#include "store/store_backlog.h"
#include "store/store_shadow.h"
#include "store/store_writer.h"
#include "store/stored_row.h"
#include "unit/cache/entries.h"

namespace tlspolicyd {

struct ShadowFixture {
  FakeTime time;
  ManualExecutor lane, sync_lane, loop;
  CapturedLog log;
  Metrics metrics;
  PolicyCache cache{{}, [](const Entry&) {}};
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  std::unique_ptr<StoreShadow> shadow;

  explicit ShadowFixture(bool durable = true) { restart(durable); }

  void restart(bool durable = true) {
    shadow = std::make_unique<StoreShadow>(StoreShadow::Parts{lane, sync_lane, loop, time, time, log, metrics, cache},
                                           durable ? store : nullptr);
  }

  // All threads work until none has anything left to do.
  void settle_now() {
    while (loop.run() + lane.run() + sync_lane.run() > 0) {
    }
  }
  // The same, and what gathers for a commit has its time.
  void settle() {
    do {
      settle_now();
      if (!shadow || shadow->pending() == 0 || shadow->state() == "failing") return;
      time.advance(StoreWriter::kGather);
    } while (loop.waiting() + lane.waiting() > 0);
  }

  Entry enforced(const std::string& domain) const {
    return policy(domain, Mode::enforce, seconds(86400), time.life(), time.life());
  }
  void put(const std::string& domain) {
    cache.put(enforced(domain), time.life());
    shadow->changed(domain_of(domain));
  }
  void drop(const std::string& domain) {
    cache.erase(domain);
    shadow->changed(domain_of(domain));
  }
  void stored(const std::string& domain) { store->rows.emplace(domain, to_row(enforced(domain), time)); }

  // Loads all, as the service does; what was loaded is in `rows`.
  std::vector<std::string> rows;
  int loaded = 0;
  void load() {
    shadow->load(
        [this](StoredRow row) {
          rows.push_back(row.domain.text());
          cache.put(from_row(row, time), time.life());
        },
        [this] { ++loaded; });
  }
};

}  // namespace tlspolicyd
