#include "store/store_shadow.h"

#include <algorithm>
#include <utility>

#include "store/store_shadow_state.h"
#include "store/stored_row.h"
#include "sts/decide.h"

namespace tlspolicyd {
namespace {

// How long the wall clock must have stood before rows that lapsed by it are forgotten: a
// machine that boots with a wrong clock has it set right within minutes, or by hand.
constexpr seconds kLapsedKept{86400};

}  // namespace

StoreShadow::State::State(Parts ports, std::shared_ptr<Store> durable, bool may_write)
    : parts(ports),
      lane({ports.lane, ports.sync_lane, ports.loop}, std::move(durable),
           [this] {
             backlog.add_all();
             cold.clear();
             wake();
           }),
      claim({lane, ports.timers, ports.log}, may_write, [this] { on_claim_tried(); }),
      backlog(ports.cache, ports.clock),
      read_trouble({ports.timers, ports.log, ports.metrics}, "read", [this] { next_page(); }),
      point_reads(
          lane, read_trouble,
          [this](const Domain& domain) { return backlog.holds(domain) || forgotten.count(domain) != 0; },
          [this](const Domain& domain, std::optional<StoredRow>& row) { on_point_read(domain, row); }),
      walk(lane, read_trouble, [this] { on_read_failed(); }),
      writer(lane, backlog, {ports.timers, ports.log, ports.metrics},
             {.sent =
                  [this](const std::vector<StoreChange>& sent) {
                    if (!walk.page_under_way()) return;
                    for (const StoreChange& change : sent) overtaken.insert(change.domain);
                  },
              .failed =
                  [this](const std::vector<StoreChange>& back) {
                    passed_over |= !backlog.give_back(back);
                    on_write_failed();
                  },
              .idle = [this] { on_idle(); }}),
      loaded(!lane.has_store()),
      started(ports.clock.wall()),
      wall_step(ports.clock),
      began(ports.clock.life()),
      wall_stands_since(ports.clock.life()) {}

StoreShadow::StoreShadow(Parts parts, std::shared_ptr<Store> store)
    : state_(std::make_shared<State>(parts, store, store == nullptr || store->claim())) {}

StoreShadow::~StoreShadow() = default;

// What comes while another process writes the store is gathered.
void StoreShadow::State::wake() {
  if (!may_write()) return;
  if (drains.empty()) writer.wake();
  else writer.hurry();
}

void StoreShadow::State::changed(const Domain& domain) {
  if (!lane.has_store()) return;
  passed_over |= !backlog.add(domain);
  cold.remove(domain);
  point_reads.outdate(domain);
  wake();
}

// A live policy stays in the store, and is read from there when somebody asks for it.
void StoreShadow::State::evicted(const Entry& entry) {
  if (!lane.has_store() || !entry.held) return;
  if (!usable(*entry.held, parts.clock.life())) return changed(entry.domain);
  const bool written = backlog.keep(entry);
  if (!written) parts.metrics.add("store", "unwritten_lost");
  cold.add(entry.domain, written ? tag_for(entry) : kByWall);
}

// A step that was not noticed yet leaves open which clock the row was written by.
unsigned StoreShadow::State::tag_for(const Entry& entry) const {
  if (wall_step.pending()) return kByWall;
  return entry.held->stored == WallTime::min() ? tag : kLoaded;
}

void StoreShadow::State::adopted(const Domain& domain) {
  const bool outdated = stepped[cold.tag_of(domain)] != seconds(0);
  cold.remove(domain);
  if (outdated) changed(domain);
}

void StoreShadow::State::pass_over(const Entry& entry) {
  passed_over = true;
  if (lane.has_store()) static_cast<void>(backlog.keep(entry));
}

// A drain does not wait for reads that fail.
void StoreShadow::State::on_idle() {
  if (!drains.empty() && read_trouble.failing() && !walk.page_under_way()) return end_drains();
  if (finding_strays) return next_page();
  if (strays_wanted && loaded) {
    strays_wanted = false;
    finding_strays = true;
    walk.start([this](const std::vector<StoredRow>& rows) { find_strays(rows); });
  } else if (!strays_wanted) {
    end_drains();
  }
}

void StoreShadow::State::end_drains() {
  for (const auto& done : std::exchange(drains, {})) done();
}

// Nobody waits for what may never work: neither for the load nor for a drain.
void StoreShadow::State::on_write_failed() {
  end_drains();
  tell_loaded();
}

void StoreShadow::State::drain(std::function<void()> done) {
  drains.push_back(std::move(done));
  mind_clock();
  if (!claim.held()) return claim.try_now();
  read_trouble.hurry();
  next_page();
  wake();
}

void StoreShadow::State::forget(const Domain& domain) {
  if (!lane.has_store()) return;
  if (!loaded) forgotten.insert(domain);
  passed_over |= !backlog.forget(domain);
  changed(domain);
}

void StoreShadow::changed(const Domain& domain) { state_->changed(domain); }

void StoreShadow::forget(const Domain& domain) { state_->forget(domain); }

seconds StoreShadow::mind_clock() { return state_->mind_clock(); }

void StoreShadow::pass_over(const Entry& entry) { state_->pass_over(entry); }

void StoreShadow::forget_all() { state_->forget_all(); }

void StoreShadow::load(std::function<void(StoredRow)> on_row, std::function<void()> on_loaded) {
  state_->load(std::move(on_row), std::move(on_loaded));
}

bool StoreShadow::loaded() const { return state_->loaded; }

bool StoreShadow::may_hold(const Domain& domain) const { return state_->may_hold(domain); }

bool StoreShadow::holds(const Domain& domain) const { return state_->holds(domain); }

Ticket StoreShadow::get(const Domain& domain, Got done) { return state_->get(domain, std::move(done)); }

void StoreShadow::evicted(const Entry& entry) { state_->evicted(entry); }

void StoreShadow::adopted(const Domain& domain) { state_->adopted(domain); }

bool StoreShadow::knows_age(const Domain& domain) const { return state_->knows_age(domain); }

std::size_t StoreShadow::beyond_memory() const { return state_->cold.size(); }

void StoreShadow::set_max_octets(std::uint64_t octets) {
  if (!state_->lane.has_store()) return;
  state_->lane.ask([octets](Store& store) { return store.set_max_octets(octets), true; }, [](bool) {});
}

void StoreShadow::drain(std::function<void()> done) { state_->drain(std::move(done)); }

std::string_view StoreShadow::state() const {
  if (!state_->lane.has_store()) return "memory";
  if (!state_->claim.held()) return "read-only";
  if (state_->writer.failing() || state_->read_trouble.failing()) return "failing";
  return state_->loaded ? "ok" : "loading";
}

std::uint64_t StoreShadow::commits() const { return state_->writer.commits(); }

std::size_t StoreShadow::pending() const {
  const State& state = *state_;
  const bool looking = state.strays_wanted || state.finding_strays;
  return state.backlog.size() + state.writer.rows_under_way() + (looking ? 1 : 0);
}

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
