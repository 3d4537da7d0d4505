#include "store/store_shadow.h"

#include <utility>

#include "store/store_shadow_state.h"
#include "sts/decide.h"

namespace tlspolicyd {

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

}  // namespace tlspolicyd
