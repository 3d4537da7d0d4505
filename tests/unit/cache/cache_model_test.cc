// PolicyCache against a plain map under random operations.
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include "cache/octet_shares.h"
#include "cache/octets_of.h"
#include "cache/policy_cache.h"
#include "catch.h"
#include "entries.h"

using namespace tlspolicyd;

namespace {

using Model = std::map<std::string, Entry>;

int worth_in_model(const Entry& entry, LifeTime now) {
  if (!entry.held || now > entry.held->fetched + entry.held->policy.max_age) return 0;
  return entry.held->policy.mode == Mode::enforce ? 2 : 1;
}

// A random walk over both, which must agree after each step.
class Walk {
 public:
  explicit Walk(std::uint32_t seed)
      : random_(seed),
        cache_({.max_entries = 40, .max_octets = 40'000}, [this](const Entry& gone) { on_evicted(gone); }) {}

  void step() {
    now_ += seconds(pick(20));
    switch (pick(8)) {
      case 0:
      case 1:
      case 2: return put();
      case 3:
      case 4:
      case 5: return touch();
      case 6: return erase();
      default:
        if (pick(200) == 0) {
          cache_.clear();
          model_.clear();
        }
    }
  }

  void compare() const {
    REQUIRE(cache_.census().entries == model_.size());
    std::set<std::string> listed;
    std::size_t octets = 0;
    for (std::size_t cursor = 0;;) {
      const auto page = cache_.list(cursor, 7);
      if (page.empty()) break;
      for (const Entry* entry : page) {
        REQUIRE(listed.insert(entry->domain.text()).second);
        REQUIRE(same(*entry, model_.at(entry->domain.text())));
        octets += octets_of(*entry);
      }
    }
    REQUIRE(listed.size() == model_.size());
    REQUIRE(cache_.census().octets == octets);
    compare_due();
  }

 private:
  std::uint32_t pick(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  std::string some_name() { return "d" + std::to_string(pick(90)) + ".example"; }

  Entry some_entry() {
    Entry entry = absence(some_name());
    entry.last_asked = now_ - seconds(pick(3) == 0 ? pick(500) : 0);
    if (pick(3) != 0) entry.due = now_ + seconds(pick(300)) - seconds(50);
    const Mode modes[] = {Mode::enforce, Mode::testing, Mode::none};
    if (pick(4) != 0)
      entry.held = held(modes[pick(3)], seconds(pick(400)), now_ - seconds(pick(200)), std::string(pick(900), 'x'));
    return entry;
  }

  void put() {
    Entry entry = some_entry();
    const std::string name = entry.domain.text();
    model_.erase(name);
    model_.emplace(name, entry);
    putting_ = name;
    cache_.put(std::move(entry), now_);
    putting_.clear();
    REQUIRE((model_.size() <= 40 && cache_.census().octets <= 40'000));
    REQUIRE((cache_.find(name) != nullptr) == (model_.count(name) == 1));
  }

  // The victim must be one than which nobody was less worth, of the size class that holds most
  // among those, and asked for least recently of that class; or the newcomer, where all others
  // are worth more.
  void on_evicted(const Entry& gone) {
    const bool refused = gone.domain.text() == putting_;
    REQUIRE(model_.count(gone.domain.text()) == 1);
    const int worth = worth_in_model(gone, now_);
    const std::size_t size = size_class_of(octets_of(gone));
    std::array<std::size_t, kSizeClasses> octets{};
    for (const auto& [name, entry] : model_) {
      if (name == putting_) continue;
      REQUIRE((refused ? worth < worth_in_model(entry, now_) : worth <= worth_in_model(entry, now_)));
      if (worth_in_model(entry, now_) != worth) continue;
      octets[size_class_of(octets_of(entry))] += octets_of(entry);
      if (size_class_of(octets_of(entry)) == size) REQUIRE((refused || gone.last_asked <= entry.last_asked));
    }
    if (!refused) REQUIRE(octets[size] == *std::max_element(octets.begin(), octets.end()));
    model_.erase(gone.domain.text());
  }

  void touch() {
    const std::string name = some_name();
    if (const Entry* const entry = cache_.find(name)) cache_.touch(*entry, now_);
    const auto found = model_.find(name);
    if (found != model_.end() && now_ - found->second.last_asked >= cache_.touch_step())
      found->second.last_asked = now_;
  }

  void erase() {
    const std::string name = some_name();
    REQUIRE(cache_.erase(name) == (model_.erase(name) == 1));
    REQUIRE(cache_.find(name) == nullptr);
  }

  static bool same(const Entry& a, const Entry& b) {
    return a.domain == b.domain && a.held == b.held && a.due == b.due && a.last_asked == b.last_asked;
  }

  void compare_due() const {
    std::multiset<LifeTime> expected;
    for (const auto& [name, entry] : model_)
      if (entry.due != LifeTime::max()) expected.insert(entry.due);
    REQUIRE(cache_.next_due() == (expected.empty() ? LifeTime::max() : *expected.begin()));
    const auto due = cache_.due(now_, 5);
    const auto all_due = std::count_if(expected.begin(), expected.end(), [&](LifeTime at) { return at <= now_; });
    REQUIRE(cache_.count_due(now_, 1000) == static_cast<std::size_t>(all_due));
    REQUIRE(cache_.count_due(now_, 5) == std::min<std::size_t>(5, static_cast<std::size_t>(all_due)));
    auto next = expected.begin();
    for (const Entry* entry : due) REQUIRE(entry->due == *next++);
    REQUIRE((due.size() == 5 || next == expected.end() || *next > now_));
  }

  std::mt19937 random_;
  LifeTime now_{seconds(10'000)};
  Model model_;
  std::string putting_;
  PolicyCache cache_;
};

}  // namespace

TEST_CASE("C-15 the cache agrees with a plain map whatever happens, and evicts the least") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U);
  CAPTURE(seed);
  Walk walk(seed);
  for (int step = 0; step < 4000; ++step) {
    walk.step();
    if (step % 7 == 0) walk.compare();
  }
}
