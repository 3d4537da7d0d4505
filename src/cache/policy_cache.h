// All that is known about policy domains, in memory, bounded. The authority: the store
// is its shadow. Answer loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sts/entry.h"

namespace tlspolicyd {

class PolicyCache {
 public:
  struct Bounds {
    std::size_t max_entries = 1'000'000;
    std::size_t max_octets = std::size_t{512} << 20;  // by the estimate of octets_of()
  };
  // Called for each entry that had to go for lack of room, before it is destroyed.
  using OnEvicted = std::function<void(const Entry&)>;

  PolicyCache(Bounds bounds, OnEvicted on_evicted);
  ~PolicyCache();
  PolicyCache(const PolicyCache&) = delete;
  PolicyCache& operator=(const PolicyCache&) = delete;

  // Valid until the next put() or erase(). `domain` as Domain::text() has it.
  [[nodiscard]] const Entry* find(std::string_view domain) const;

  // Whether so much is held that looking ahead by expect() pays.
  [[nodiscard]] bool is_far_apart() const;
  // Has what find() of these domains, and an answer about them, reads brought near by the
  // processor, for all of them at once. Others are ignored.
  void expect(std::span<const std::string_view> domains) const;

  // Adds or replaces, then makes room: absences and expired policies go first, then live
  // mode none and testing, live enforce last. Within a class the size class that holds most
  // octets gives, the least recently asked first. A new entry goes at once if there is no room but by evicting what is
  // worth more.
  void put(Entry entry, LifeTime now);

  // Marks as asked for now, to ten minutes, or to one where something may have to go soon:
  // that orders what goes first well enough, and spares most answers the touch of three
  // entries far apart. `entry`: as find() gave it.
  void touch(const Entry& entry, LifeTime now);
  [[nodiscard]] seconds touch_step() const;
  // Sets a bit of Entry::dane_in_use. `entry`: as find() gave it.
  void use_dane(const Entry& entry, std::uint8_t bit);

  // Smaller bounds evict, some entries at a time. False: call again, soon.
  [[nodiscard]] bool set_bounds(Bounds bounds, LifeTime now);

  bool erase(std::string_view domain);
  // Gives what it held: to end a million entries takes half a second, on any thread.
  std::shared_ptr<void> clear();

  // The earliest Entry::due, LifeTime::max() if there is none.
  [[nodiscard]] LifeTime next_due() const;
  // Up to `most` entries that are due, earliest first. They stay due until put() again.
  [[nodiscard]] std::vector<const Entry*> due(LifeTime now, std::size_t most) const;
  // How many are, `most` at most.
  [[nodiscard]] std::size_t count_due(LifeTime now, std::size_t most) const;

  // Up to `most` entries, beginning at `cursor` (0 at first), which moves on. Entries that
  // stay throughout are seen exactly once, however many come and go meanwhile; an empty
  // result is the end.
  [[nodiscard]] std::vector<const Entry*> list(std::size_t& cursor, std::size_t most) const;

  struct Census {
    std::size_t entries = 0, enforce = 0, testing = 0, none = 0, absent = 0;  // by what is held
    std::size_t octets = 0;
  };
  [[nodiscard]] Census census() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tlspolicyd
