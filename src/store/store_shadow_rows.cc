// The way back of StoreShadow: rows that are loaded, read one by one, or found to be strays.
#include <algorithm>
#include <utility>

#include "store/store_shadow_state.h"

namespace tlspolicyd {
namespace {

// How long the wall clock must have stood before rows that lapsed by it are forgotten: a
// machine that boots with a wrong clock has it set right within minutes, or by hand.
constexpr seconds kLapsedKept{86400};

bool lapsed_by_wall(const StoredRow& row, const Clock& clock) {
  return clock.wall() - row.fetched > row.policy.max_age;
}

}  // namespace

// Rows that the other process has written since ours were read come first.
void StoreShadow::State::on_claim_tried() {
  if (!claim.held()) return end_drains();
  if (all_forgotten) return wake();
  reconciling = true;
  read_all();
}

// What waits to be written is written all the same, as before a drain ends.
void StoreShadow::State::on_read_failed() {
  tell_loaded();
  wake();
}

void StoreShadow::State::load(std::function<void(StoredRow)> take, std::function<void()> done) {
  on_row = std::move(take);
  on_loaded = std::move(done);
  if (loaded) return lane.later([this] { tell_loaded(); });
  read_all();
}

void StoreShadow::State::read_all() {
  loaded = false;
  overtaken.clear();
  walk.start([this](std::vector<StoredRow> rows) {
    if (!rows.empty()) return take_up(std::move(rows));
    loaded = true;
    reconciling = false;
    forgotten.clear();
    wake();
    tell_loaded();
  });
}

void StoreShadow::State::take_up(std::vector<StoredRow> rows) {
  for (StoredRow& row : rows) {
    const Domain domain = row.domain;
    if (newer_known(row) || forgotten.count(domain) != 0) continue;
    correct(row);
    on_row(std::move(row));
    passed_over |= !cached(domain) && !cold.contains(domain);
  }
  next_page();
}

// The process that wrote before us may have fetched a policy anew since we had read it.
bool StoreShadow::State::newer_known(const StoredRow& row) const {
  if (!cached(row.domain)) return overtaken.count(row.domain) != 0 || backlog.holds(row.domain);
  const Entry& entry = *parts.cache.find(row.domain.text());
  return !reconciling || row.fetched <= fetched_by_wall(*entry.held, parts.clock);
}

void StoreShadow::State::next_page() {
  if (walk.page_under_way()) return;
  overtaken.clear();
  walk.next();
}

void StoreShadow::State::tell_loaded() {
  if (const auto done = std::exchange(on_loaded, nullptr)) done();
}

void StoreShadow::State::forget_all() {
  if (!lane.has_store()) return;
  point_reads.outdate_all();
  walk.stop();
  cold.clear();
  backlog.drop_kept();
  strays_wanted = all_forgotten = true;
  finding_strays = passed_over = reconciling = false;
  loaded = true;
  lane.later([this] { tell_loaded(); });
  wake();
}

// The next page is asked for when these are forgotten: see on_idle().
void StoreShadow::State::find_strays(const std::vector<StoredRow>& rows) {
  finding_strays = !rows.empty();
  for (const StoredRow& row : rows)
    if (is_stray(row)) passed_over |= !(all_forgotten ? backlog.forget(row.domain) : backlog.add(row.domain));
  if (rows.empty() && !strays_wanted) all_forgotten = false;
  writer.wake_now();
}

// Another daemon, be it of an older version, may write rows that we have never seen.
bool StoreShadow::State::is_stray(const StoredRow& row) const {
  if (cached(row.domain) || cold.contains(row.domain) || backlog.holds(row.domain)) return false;
  return all_forgotten || (lapsed_by_wall(row, parts.clock) && row.checked < started);
}

// A row that was written before the wall clock was set.
void StoreShadow::State::correct(StoredRow& row) const {
  if (!cold.contains(row.domain)) return;
  const seconds by = stepped[cold.tag_of(row.domain)];
  for (WallTime* const time : {&row.fetched, &row.checked, &row.last_asked}) *time += by;
}

void StoreShadow::State::on_point_read(const Domain& domain, std::optional<StoredRow>& row) {
  if (row) correct(*row);
  const bool lapsed = row && lapsed_by_wall(*row, parts.clock);
  passed_over |= lapsed;
  if (!row || lapsed) cold.remove(domain);
}

// Of what was loaded a step after the window tells age and clock apart.
bool StoreShadow::State::knows_age(const Domain& domain) const {
  const unsigned its_tag = cold.tag_of(domain);
  return its_tag == kLoaded ? stepped[kLoaded] != seconds(0) : its_tag != kByWall;
}

bool StoreShadow::State::holds(const Domain& domain) const {
  return cold.contains(domain) || backlog.kept(domain) != nullptr;
}

Ticket StoreShadow::State::get(const Domain& domain, Got done) {
  if (const StoredRow* const kept = backlog.kept(domain)) {
    StoredRow row = *kept;
    correct(row);
    return point_reads.get_known(std::move(row), std::move(done));
  }
  return may_hold(domain) ? point_reads.get(domain, std::move(done)) : point_reads.get_known({}, std::move(done));
}

seconds StoreShadow::State::mind_clock() {
  if (!lane.has_store()) return seconds(0);
  const seconds step = wall_step.take();
  if (step != seconds(0)) on_clock_set(step);
  else if (passed_over && loaded && parts.clock.life() - wall_stands_since >= kLapsedKept) {
    passed_over = false;
    strays_wanted = true;
    wake();
  }
  return step;
}

void StoreShadow::State::on_clock_set(seconds by) {
  parts.log.info(
      LogLine("clock")
          .with("action", "stepped")
          .with("by_s", by.count())
          .with("effect", "policies fetched since the start keep their age; the store's times are written anew"));
  wall_stands_since = parts.clock.life();
  if (parts.clock.life() - began > WallStep::kStartWindow) stepped[kLoaded] += by;
  for (unsigned before = 1; before <= tag && before < kByWall; ++before) stepped[before] += by;
  tag = std::min(tag + 1, kByWall);
  backlog.add_all();
  wake();
  if (all_forgotten || !std::exchange(passed_over, false)) return;
  strays_wanted |= std::exchange(finding_strays, false);
  read_all();
}

// An absence does not count: it may be what was learned while the store could not be read.
bool StoreShadow::State::cached(const Domain& domain) const {
  const Entry* entry = parts.cache.find(domain.text());
  return entry != nullptr && entry->held;
}

}  // namespace tlspolicyd
