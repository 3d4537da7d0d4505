#include "cache/cold_rows.h"

#include <algorithm>

namespace tlspolicyd {
namespace {
constexpr std::size_t kFirstPlaces = 8;
}

std::uint64_t ColdRows::hash_of(const Domain& domain) const {
  return std::max<std::uint64_t>(hash_(domain.text()) & ~kTagBits, 1);
}

std::size_t ColdRows::Part::find(std::uint64_t hash) const {
  const std::size_t mask = places.size() - 1;
  std::size_t at = hash & mask;
  while (places[at] != 0 && (places[at] & ~kTagBits) != hash) at = (at + 1) & mask;
  return at;
}

void ColdRows::Part::grow() {
  std::vector<std::uint64_t> before(places.empty() ? kFirstPlaces : places.size() * 2);
  before.swap(places);
  for (const std::uint64_t place : before)
    if (place != 0) places[find(place & ~kTagBits)] = place;
}

void ColdRows::add(const Domain& domain, unsigned tag) {
  const std::uint64_t hash = hash_of(domain);
  Part& part = parts_[part_of(hash)];
  if ((part.used + 1) * 5 > part.places.size() * 4) part.grow();
  std::uint64_t& place = part.places[part.find(hash)];
  if (place == 0) {
    ++part.used;
    ++size_;
  }
  place = hash | (std::uint64_t{tag} << kTagShift);
}

// What was pushed past the hole moves back into it, so that no search stops short.
void ColdRows::remove(const Domain& domain) {
  const std::uint64_t hash = hash_of(domain);
  Part& part = parts_[part_of(hash)];
  if (part.used == 0) return;
  auto& places = part.places;
  const std::size_t mask = places.size() - 1;
  std::size_t hole = part.find(hash);
  if (places[hole] == 0) return;
  for (std::size_t at = (hole + 1) & mask; places[at] != 0; at = (at + 1) & mask) {
    if (((at - places[at]) & mask) < ((at - hole) & mask)) continue;
    places[hole] = places[at];
    hole = at;
  }
  places[hole] = 0;
  --part.used;
  --size_;
}

void ColdRows::clear() {
  parts_ = {};
  size_ = 0;
}

std::uint64_t ColdRows::place_of(const Domain& domain) const {
  const std::uint64_t hash = hash_of(domain);
  const Part& part = parts_[part_of(hash)];
  return part.used != 0 ? part.places[part.find(hash)] : 0;
}

bool ColdRows::contains(const Domain& domain) const { return place_of(domain) != 0; }

unsigned ColdRows::tag_of(const Domain& domain) const {
  return static_cast<unsigned>((place_of(domain) & kTagBits) >> kTagShift);
}

}  // namespace tlspolicyd
