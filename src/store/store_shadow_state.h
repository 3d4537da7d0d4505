// What StoreShadow is made of. Included by its own sources alone.
#pragma once

#include <array>
#include <unordered_set>
#include <vector>

#include "cache/cold_rows.h"
#include "cache/keyed_hash.h"
#include "store/point_reads.h"
#include "store/store_backlog.h"
#include "store/store_claim.h"
#include "store/store_shadow.h"
#include "store/store_walk.h"
#include "store/store_writer.h"
#include "base/wall_step.h"

namespace tlspolicyd {

// At most one write and one page are on the lane at a time. Strays are rows that neither the
// cache holds nor `cold` names: after forget_all(), and when lapsed rows may go, a walk through
// the store finds them, page by page, whenever the backlog is empty.
struct StoreShadow::State {
  using Got = StoreShadow::Got;

  State(Parts ports, std::shared_ptr<Store> durable, bool may_write);

  void changed(const Domain& domain);
  void evicted(const Entry& entry);
  void adopted(const Domain& domain);
  [[nodiscard]] unsigned tag_for(const Entry& entry) const;
  void correct(StoredRow& row) const;
  void pass_over(const Entry& entry);
  [[nodiscard]] bool may_write() const { return claim.held() && (!reconciling || read_trouble.failing()); }
  void wake();
  void on_claim_tried();
  void on_idle();
  void on_write_failed();
  void on_read_failed();
  void end_drains();

  void load(std::function<void(StoredRow)> on_row, std::function<void()> on_loaded);
  void read_all();
  void take_up(std::vector<StoredRow> rows);
  void next_page();
  void tell_loaded();
  void forget(const Domain& domain);
  void forget_all();
  void find_strays(const std::vector<StoredRow>& rows);
  [[nodiscard]] bool is_stray(const StoredRow& row) const;
  void on_point_read(const Domain& domain, std::optional<StoredRow>& row);
  [[nodiscard]] bool may_hold(const Domain& domain) const { return !loaded || holds(domain); }
  [[nodiscard]] bool holds(const Domain& domain) const;
  [[nodiscard]] Ticket get(const Domain& domain, Got done);
  seconds mind_clock();
  void on_clock_set(seconds by);
  [[nodiscard]] bool knows_age(const Domain& domain) const;
  [[nodiscard]] bool cached(const Domain& domain) const;
  [[nodiscard]] bool newer_known(const StoredRow& row) const;
  void drain(std::function<void()> done);

  Parts parts;
  StoreLane lane;
  StoreClaim claim;
  StoreBacklog backlog;
  ColdRows cold;
  StoreTrouble read_trouble;
  PointReads point_reads;
  StoreWalk walk;
  StoreWriter writer;

  bool loaded;
  bool reconciling = false;  // reading what another process wrote until it ended
  std::function<void(StoredRow)> on_row;
  std::function<void()> on_loaded;
  std::unordered_set<Domain, DomainHash> overtaken;  // committed since the page was asked for
  std::unordered_set<Domain, DomainHash> forgotten;  // by an operator, before all was loaded
  bool strays_wanted = false;
  bool finding_strays = false;
  bool all_forgotten = false;  // all strays go, else only those that have lapsed
  bool passed_over = false;    // there may be lapsed rows
  WallTime started;
  WallStep wall_step;
  // Cold rows have a tag, with steps of the wall clock that are not to change their age in `stepped`. kLoaded: fetched
  // before the start; steps after the window of WallStep. 1 and up: fetched since the start and written after so
  // many steps less one; what came since. kByWall: written after more steps; none.
  static constexpr unsigned kLoaded = 0, kByWall = ColdRows::kTags - 1;
  unsigned tag = 1;
  std::array<seconds, ColdRows::kTags> stepped{};
  LifeTime began, wall_stands_since;
  std::vector<std::function<void()>> drains;
};

}  // namespace tlspolicyd
