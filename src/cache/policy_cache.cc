#include "cache/policy_cache.h"

#include <algorithm>
#include <array>
#include <queue>

#include "cache/name_index.h"
#include "cache/octet_shares.h"
#include "cache/octets_of.h"
#include "cache/recency.h"
#include "sts/decide.h"
#include "sts/schedule.h"

namespace tlspolicyd {
namespace {

// From here on entries do not lie in the processor's own memory, as a rule.
constexpr std::size_t kFarApart = 4096;
constexpr int kSunkAtOnce = 64;
constexpr std::size_t kShrunkAtOnce = 256;
constexpr seconds kTouchStep{600}, kTightTouchStep{60};

Worth worth_of(const Entry& entry, LifeTime now) {
  if (!entry.held || !usable(*entry.held, now)) return Worth::little;
  return entry.held->policy.mode == Mode::enforce ? Worth::most : Worth::some;
}

}  // namespace

// The entries of one worth, by size class.
struct Rank {
  explicit Rank(Slots& slots)
      : lines{Recency(slots), Recency(slots), Recency(slots), Recency(slots), Recency(slots),
              Recency(slots), Recency(slots), Recency(slots), Recency(slots)} {}

  std::array<Recency, kSizeClasses> lines;
  std::array<std::uint64_t, kSizeClasses> octets{};

  void add(SlotIndex index, const Slot& slot) {
    const std::size_t size = size_class_of(slot.octets);
    lines[size].add(index);
    octets[size] += slot.octets;
  }
  void remove(SlotIndex index, const Slot& slot) {
    const std::size_t size = size_class_of(slot.octets);
    lines[size].remove(index);
    octets[size] -= slot.octets;
  }
  // The oldest of the class that holds most.
  [[nodiscard]] SlotIndex least() const {
    const auto most = std::max_element(octets.begin(), octets.end());
    return lines[static_cast<std::size_t>(most - octets.begin())].oldest();
  }
};

// An entry is filed under its worth when it is put. A live policy also stands in a heap
// by the second it lapses in, so that before anything has to go, those that lapsed meanwhile
// sink to the least worth: eviction does not depend on the refresher having looked at them.
struct PolicyCache::State {
  struct ByDue {
    Slots* slots;
    [[nodiscard]] bool before(SlotIndex a, SlotIndex b) const { return (*slots)[a].entry.due < (*slots)[b].entry.due; }
    [[nodiscard]] std::uint32_t& place(SlotIndex slot) const { return (*slots)[slot].due_place; }
  };

  struct ByLapse {
    Slots* slots;
    [[nodiscard]] bool before(SlotIndex a, SlotIndex b) const {
      return lapse_of(*(*slots)[a].entry.held) < lapse_of(*(*slots)[b].entry.held);
    }
    [[nodiscard]] std::uint32_t& place(SlotIndex slot) const { return (*slots)[slot].lapse_place; }
  };

  Bounds bounds;
  OnEvicted on_evicted;
  Slots slots;
  NameIndex names{slots};
  std::array<Rank, kWorths> ranks{Rank(slots), Rank(slots), Rank(slots)};
  IndexHeap<ByDue> due{ByDue{&slots}};
  IndexHeap<ByLapse> live{ByLapse{&slots}};
  Census census;

  [[nodiscard]] Rank& rank_of(const Slot& slot) { return ranks[static_cast<std::size_t>(slot.worth)]; }
  [[nodiscard]] std::size_t& count_of(const Entry& entry);

  void put(Entry entry, LifeTime now);
  void file(SlotIndex index, LifeTime now);
  void unfile(SlotIndex index);
  [[nodiscard]] Entry take_out(SlotIndex index);
  [[nodiscard]] bool make_room(std::size_t entries, std::size_t octets, LifeTime now, Worth most);
  void sink_lapsed(LifeTime now);
  [[nodiscard]] SlotIndex least_worth() const;
};

std::size_t& PolicyCache::State::count_of(const Entry& entry) {
  if (!entry.held) return census.absent;
  switch (entry.held->policy.mode) {
    case Mode::enforce: return census.enforce;
    case Mode::testing: return census.testing;
    case Mode::none: break;
  }
  return census.none;
}

// Whatever orders or counts by the entry's content.
void PolicyCache::State::file(SlotIndex index, LifeTime now) {
  Slot& slot = slots[index];
  slot.octets = static_cast<std::uint32_t>(octets_of(slot.entry));
  slot.worth = worth_of(slot.entry, now);
  rank_of(slot).add(index, slot);
  if (slot.entry.due != LifeTime::max()) due.add(index);
  if (slot.worth != Worth::little) live.add(index);
  ++census.entries;
  ++count_of(slot.entry);
  census.octets += slot.octets;
}

void PolicyCache::State::unfile(SlotIndex index) {
  Slot& slot = slots[index];
  rank_of(slot).remove(index, slot);
  if (slot.due_place != kNoSlot) due.remove(index);
  if (slot.lapse_place != kNoSlot) live.remove(index);
  --census.entries;
  --count_of(slot.entry);
  census.octets -= slot.octets;
}

Entry PolicyCache::State::take_out(SlotIndex index) {
  unfile(index);
  names.remove(index);
  Entry entry = std::move(slots[index].entry);
  slots.release(index);
  return entry;
}

void PolicyCache::State::put(Entry entry, LifeTime now) {
  const std::size_t octets = octets_of(entry);
  SlotIndex index = names.find(entry.domain.text());
  if (bounds.max_entries == 0 || octets > bounds.max_octets) {
    if (index != kNoSlot) static_cast<void>(take_out(index));
    return on_evicted(entry);
  }
  if (index != kNoSlot) unfile(index);  // keeps its slot: list() must not see it twice
  const Worth most = index == kNoSlot ? worth_of(entry, now) : Worth::most;
  if (!make_room(1, octets, now, most)) return on_evicted(entry);
  if (index == kNoSlot) {
    index = slots.take(std::move(entry));
    names.add(index);
  } else {
    slots[index].entry = std::move(entry);
  }
  file(index, now);
}

// Some at a time: thousands may have lapsed in the same second, and one is enough to go on.
void PolicyCache::State::sink_lapsed(LifeTime now) {
  for (int sunk = 0; sunk < kSunkAtOnce && !live.empty() && !usable(*slots[live.top()].entry.held, now); ++sunk) {
    const SlotIndex index = live.top();
    Slot& slot = slots[index];
    live.remove(index);
    rank_of(slot).remove(index, slot);
    slot.worth = Worth::little;
    rank_of(slot).add(index, slot);
  }
}

// False: there is none but by evicting what is worth more than `most`.
bool PolicyCache::State::make_room(std::size_t entries, std::size_t octets, LifeTime now, Worth most) {
  while (census.entries > 0 &&
         (census.entries + entries > bounds.max_entries || census.octets + octets > bounds.max_octets)) {
    sink_lapsed(now);
    const SlotIndex least = least_worth();
    if (slots[least].worth > most) return false;
    const Entry gone = take_out(least);
    on_evicted(gone);
  }
  return true;
}

SlotIndex PolicyCache::State::least_worth() const {
  for (const Rank& rank : ranks)
    if (const SlotIndex index = rank.least(); index != kNoSlot) return index;
  return kNoSlot;
}

PolicyCache::PolicyCache(Bounds bounds, OnEvicted on_evicted) : state_(std::make_unique<State>()) {
  state_->bounds = bounds;
  state_->on_evicted = std::move(on_evicted);
}

PolicyCache::~PolicyCache() = default;

const Entry* PolicyCache::find(std::string_view domain) const {
  const SlotIndex index = state_->names.find(domain);
  return index == kNoSlot ? nullptr : &state_->slots[index].entry;
}

bool PolicyCache::is_far_apart() const { return state_->census.entries >= kFarApart; }

void PolicyCache::expect(std::span<const std::string_view> domains) const { state_->names.expect(domains); }

void PolicyCache::put(Entry entry, LifeTime now) { state_->put(std::move(entry), now); }

void PolicyCache::touch(const Entry& entry, LifeTime now) {
  if (now - entry.last_asked < touch_step()) return;
  const SlotIndex index = state_->names.find(entry.domain.text());
  Slot& slot = state_->slots[index];
  Rank& rank = state_->rank_of(slot);
  rank.remove(index, slot);
  slot.entry.last_asked = now;
  rank.add(index, slot);
}

void PolicyCache::use_dane(const Entry& entry, std::uint8_t bit) {
  state_->slots[state_->names.find(entry.domain.text())].entry.dane_in_use |= bit;
}

seconds PolicyCache::touch_step() const {
  const auto nearly = [](std::size_t used, std::size_t bound) { return used >= bound / 10 * 9; };
  const bool tight = nearly(state_->census.entries, state_->bounds.max_entries) ||
                     nearly(state_->census.octets, state_->bounds.max_octets);
  return tight ? kTightTouchStep : kTouchStep;
}

// In between the bounds are what is left by then, so that put() need not make up for all.
bool PolicyCache::set_bounds(Bounds bounds, LifeTime now) {
  const Census& census = state_->census;
  const std::size_t entries = census.entries - std::min(census.entries, kShrunkAtOnce);
  const std::size_t octets = census.entries == 0 ? 0 : census.octets / census.entries * entries;
  state_->bounds = {std::max(bounds.max_entries, entries), std::max(bounds.max_octets, octets)};
  static_cast<void>(state_->make_room(0, 0, now, Worth::most));
  return census.entries <= bounds.max_entries && census.octets <= bounds.max_octets;
}

bool PolicyCache::erase(std::string_view domain) {
  const SlotIndex index = state_->names.find(domain);
  if (index == kNoSlot) return false;
  static_cast<void>(state_->take_out(index));
  return true;
}

std::shared_ptr<void> PolicyCache::clear() {
  std::shared_ptr<State> gone = std::exchange(state_, std::make_unique<State>());
  state_->bounds = gone->bounds;
  state_->on_evicted = std::move(gone->on_evicted);
  return gone;
}

LifeTime PolicyCache::next_due() const {
  return state_->due.empty() ? LifeTime::max() : state_->slots[state_->due.top()].entry.due;
}

std::vector<const Entry*> PolicyCache::due(LifeTime now, std::size_t most) const {
  const State& state = *state_;
  const auto entry_at = [&](std::size_t place) { return &state.slots[state.due.at(place)].entry; };
  const auto later = [&](std::size_t a, std::size_t b) { return entry_at(a)->due > entry_at(b)->due; };
  // Walks down from the top: a child is due no earlier than its parent.
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next(later);
  std::vector<const Entry*> found;
  if (!state.due.empty()) next.push(0);
  for (; !next.empty() && found.size() < most;) {
    const std::size_t place = next.top();
    next.pop();
    if (entry_at(place)->due > now) break;
    found.push_back(entry_at(place));
    for (const std::size_t child : {2 * place + 1, 2 * place + 2})
      if (child < state.due.size()) next.push(child);
  }
  return found;
}

std::size_t PolicyCache::count_due(LifeTime now, std::size_t most) const {
  const State& state = *state_;
  std::vector<std::size_t> places{0};
  std::size_t found = 0;
  while (!places.empty() && found < most) {
    const std::size_t place = places.back();
    places.pop_back();
    if (place >= state.due.size() || state.slots[state.due.at(place)].entry.due > now) continue;
    ++found;
    places.insert(places.end(), {2 * place + 1, 2 * place + 2});
  }
  return found;
}

std::vector<const Entry*> PolicyCache::list(std::size_t& cursor, std::size_t most) const {
  std::vector<const Entry*> found;
  for (; cursor < state_->slots.size() && found.size() < most; ++cursor) {
    const Slot& slot = state_->slots[static_cast<SlotIndex>(cursor)];
    if (!slot.free) found.push_back(&slot.entry);
  }
  return found;
}

PolicyCache::Census PolicyCache::census() const { return state_->census; }

}  // namespace tlspolicyd
