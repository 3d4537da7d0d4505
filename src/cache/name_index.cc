#include "cache/name_index.h"

#include <algorithm>
#include <array>

namespace tlspolicyd {
namespace {

constexpr std::size_t kFirstBuckets = 64;
constexpr std::size_t kMostExpected = 32;  // more than a processor fetches at once

// Of a slot or a policy, whatever of it is read. Reads nothing, and so does not wait.
void fetch(const void* place) {
  const auto* const octets = static_cast<const char*>(place);
  for (const std::size_t line : {0, 64, 128}) __builtin_prefetch(octets + line);
}

}  // namespace

SlotIndex NameIndex::find(std::string_view domain) const {
  if (buckets_.empty()) return kNoSlot;
  const std::uint32_t hash = hash_of(domain);
  for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
    const Bucket& bucket = buckets_[at];
    if (bucket.slot == kNoSlot) return kNoSlot;
    if (bucket.hash != hash) continue;
    const Entry& entry = slots_[bucket.slot].entry;
    __builtin_prefetch(entry.held.get());  // whoever asks for a name wants its policy next
    if (entry.domain.text() == domain) return bucket.slot;
  }
}

void NameIndex::expect(std::span<const std::string_view> domains) const {
  if (buckets_.empty()) return;
  std::array<std::uint32_t, kMostExpected> hashes;
  std::array<const Entry*, kMostExpected> entries;
  const std::size_t count = std::min(domains.size(), kMostExpected);
  for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(&buckets_[(hashes[i] = hash_of(domains[i])) & mask()]);
  for (std::size_t i = 0; i < count; ++i)
    if ((entries[i] = likely(hashes[i])) != nullptr) fetch(entries[i]);
  for (const Entry* entry : std::span(entries).first(count)) {
    if (entry == nullptr) continue;
    __builtin_prefetch(entry->domain.text().data());
    if (entry->held) fetch(entry->held.get());
  }
  for (const Entry* entry : std::span(entries).first(count))
    if (entry != nullptr && entry->held) __builtin_prefetch(entry->held->policy.mx.joined().data());
}

// By its hash alone.
const Entry* NameIndex::likely(std::uint32_t hash) const {
  for (std::size_t at = hash & mask(); buckets_[at].slot != kNoSlot; at = (at + 1) & mask())
    if (buckets_[at].hash == hash) return &slots_[buckets_[at].slot].entry;
  return nullptr;
}

void NameIndex::add(SlotIndex slot) {
  if ((used_ + 1) * 5 > buckets_.size() * 4) grow();
  place({hash_of(slots_[slot].entry.domain.text()), slot});
  ++used_;
}

void NameIndex::remove(SlotIndex slot) {
  std::size_t hole = hash_of(slots_[slot].entry.domain.text()) & mask();
  while (buckets_[hole].slot != slot) hole = (hole + 1) & mask();
  // Whoever was pushed past the hole moves back into it, so that no search stops short.
  for (std::size_t at = (hole + 1) & mask(); buckets_[at].slot != kNoSlot; at = (at + 1) & mask()) {
    const std::size_t home = buckets_[at].hash & mask();
    if (((at - home) & mask()) < ((at - hole) & mask())) continue;
    buckets_[hole] = buckets_[at];
    hole = at;
  }
  buckets_[hole] = Bucket{};
  --used_;
}

void NameIndex::place(Bucket bucket) {
  std::size_t at = bucket.hash & mask();
  while (buckets_[at].slot != kNoSlot) at = (at + 1) & mask();
  buckets_[at] = bucket;
}

void NameIndex::grow() {
  std::vector<Bucket> before(buckets_.empty() ? kFirstBuckets : buckets_.size() * 2);
  before.swap(buckets_);
  for (const Bucket& bucket : before)
    if (bucket.slot != kNoSlot) place(bucket);
}

}  // namespace tlspolicyd
