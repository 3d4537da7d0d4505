#include "cache/store_shadow.h"

#include <unordered_set>
#include <utility>

#include "cache/keyed_hash.h"
#include "cache/point_reads.h"
#include "cache/store_claim.h"
#include "cache/store_walk.h"
#include "cache/store_writer.h"
#include "cache/wall_step.h"

namespace tlspolicyd {

namespace {

// How long the wall clock must have stood before rows that lapsed by it are forgotten: a
// machine that boots with a wrong clock has it set right within minutes, or by hand.
constexpr seconds kLapsedKept{86400};

bool lapsed_by_wall(const StoredRow& row, const Clock& clock) {
  return clock.wall() - row.fetched > row.policy.max_age;
}

}  // namespace

// At most one write and one page are on the lane at a time. Strays are rows that the
// cache does not hold: after forget_all(), after so many changes gathered that their
// names were given up, and when lapsed rows may go, a walk through the store finds them,
// page by page, whenever the backlog is empty.
struct StoreShadow::State {
  State(Parts ports, std::shared_ptr<Store> durable, bool may_write);

  void changed(const Domain& domain);
  void gather(const Domain& domain);
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
  seconds mind_clock();
  void on_clock_set(seconds by);
  [[nodiscard]] bool cached(const Domain& domain) const;
  [[nodiscard]] bool newer_known(const StoredRow& row) const;
  void drain(std::function<void()> done);

  Parts parts;
  StoreLane lane;
  StoreClaim claim;
  StoreBacklog backlog;
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
  bool strays_may_lapse = false;         // else lapsed rows are no strays
  bool passed_over = false;              // there may be lapsed rows
  WallStep wall_step;
  LifeTime wall_stands_since;
  std::vector<std::function<void()>> drains;
};

StoreShadow::State::State(Parts ports, std::shared_ptr<Store> durable, bool may_write)
    : parts(ports),
      lane({ports.lane, ports.sync_lane, ports.loop}, std::move(durable), [this] {
        backlog.add_all();
        wake();
      }),
      claim({lane, ports.timers, ports.log}, may_write, [this] { on_claim_tried(); }),
      backlog(ports.cache, ports.clock),
      read_trouble({ports.timers, ports.log, ports.metrics}, "read", [this] { next_page(); }),
      point_reads(lane, read_trouble,
                  [this](const Domain& domain) { return backlog.holds(domain) || forgotten.count(domain) != 0; }),
      walk(lane, read_trouble, [this] { on_read_failed(); }),
      writer(lane, backlog, {ports.timers, ports.log, ports.metrics},
             {.sent = [this](const std::vector<Domain>& sent) {
                if (walk.page_under_way()) overtaken.insert(sent.begin(), sent.end());
              },
              .failed = [this](const std::vector<Domain>& back) {
                for (const Domain& domain : back) gather(domain);
                on_write_failed();
              },
              .idle = [this] { on_idle(); }}),
      loaded(!lane.has_store()),
      wall_step(ports.clock),
      wall_stands_since(ports.clock.life()) {}

void StoreShadow::State::gather(const Domain& domain) {
  if (!backlog.add(domain)) strays_wanted = true;
}

// What comes while another process writes the store is gathered.
void StoreShadow::State::wake() {
  if (may_write()) writer.wake();
}

// Rows that the other one has written since ours were read come first.
void StoreShadow::State::on_claim_tried() {
  if (!claim.held()) return end_drains();
  const bool all_forgotten = strays_wanted && strays_may_lapse;
  if (all_forgotten) return wake();
  reconciling = true;
  read_all();
}

void StoreShadow::State::changed(const Domain& domain) {
  if (!lane.has_store()) return;
  gather(domain);
  point_reads.outdate(domain);
  wake();
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

// What waits to be written is written all the same before a drain ends.
void StoreShadow::State::on_read_failed() {
  tell_loaded();
  wake();
}

void StoreShadow::State::drain(std::function<void()> done) {
  drains.push_back(std::move(done));
  mind_clock();
  if (!claim.held()) return claim.try_now();
  read_trouble.hurry();
  next_page();
  if (may_write()) writer.hurry();
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
    if (drains.empty()) wake();
    else writer.hurry();
    tell_loaded();
  });
}

void StoreShadow::State::take_up(std::vector<StoredRow> rows) {
  for (StoredRow& row : rows) {
    const Domain domain = row.domain;
    if (newer_known(row) || forgotten.count(domain) != 0) continue;
    on_row(std::move(row));
    passed_over |= !cached(domain);
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

void StoreShadow::State::forget(const Domain& domain) {
  if (!loaded) forgotten.insert(domain);
  changed(domain);
}

void StoreShadow::State::forget_all() {
  if (!lane.has_store()) return;
  point_reads.outdate_all();
  walk.stop();
  strays_wanted = strays_may_lapse = true;
  finding_strays = passed_over = false;
  loaded = true;
  lane.later([this] { tell_loaded(); });
  wake();
}

// The next page is asked for when these are forgotten: see on_idle().
void StoreShadow::State::find_strays(const std::vector<StoredRow>& rows) {
  finding_strays = !rows.empty();
  for (const StoredRow& row : rows)
    if (!cached(row.domain) && (strays_may_lapse || !lapsed_by_wall(row, parts.clock))) gather(row.domain);
  if (rows.empty() && !strays_wanted) strays_may_lapse = false;
  writer.wake_now();
}

seconds StoreShadow::State::mind_clock() {
  if (!lane.has_store()) return seconds(0);
  const seconds step = wall_step.take();
  if (step != seconds(0)) on_clock_set(step);
  else if (passed_over && loaded && parts.clock.life() - wall_stands_since >= kLapsedKept) {
    passed_over = false;
    strays_wanted = strays_may_lapse = true;
    wake();
  }
  return step;
}

void StoreShadow::State::on_clock_set(seconds by) {
  parts.log.info(LogLine("clock").with("action", "stepped").with("by_s", by.count())
                     .with("effect", "policies fetched since the start keep their age; the store's times are written anew"));
  wall_stands_since = parts.clock.life();
  backlog.add_all();
  wake();
  if (!std::exchange(passed_over, false)) return;
  strays_wanted |= std::exchange(finding_strays, false);
  read_all();
}

// An absence does not count: it may be what was learned while the store could not be read.
bool StoreShadow::State::cached(const Domain& domain) const {
  const Entry* entry = parts.cache.find(domain.text());
  return entry != nullptr && entry->held;
}

StoreShadow::StoreShadow(Parts parts, std::shared_ptr<Store> store)
    : state_(std::make_shared<State>(parts, store, store == nullptr || store->claim())) {}

StoreShadow::~StoreShadow() = default;

void StoreShadow::changed(const Domain& domain) { state_->changed(domain); }

void StoreShadow::forget(const Domain& domain) { state_->forget(domain); }

seconds StoreShadow::mind_clock() { return state_->mind_clock(); }

void StoreShadow::pass_over() { state_->passed_over = true; }

void StoreShadow::forget_all() { state_->forget_all(); }

void StoreShadow::load(std::function<void(StoredRow)> on_row, std::function<void()> on_loaded) {
  state_->load(std::move(on_row), std::move(on_loaded));
}

bool StoreShadow::loaded() const { return state_->loaded; }

// Once all is loaded, what the store still has and the cache has not is on its way out.
Ticket StoreShadow::get(const Domain& domain, Got done) {
  return state_->loaded ? state_->point_reads.get_nothing(std::move(done))
                        : state_->point_reads.get(domain, std::move(done));
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

}  // namespace tlspolicyd
