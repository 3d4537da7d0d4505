#include "cache/octets_of.h"

#include <algorithm>

#include "cache/slots.h"

namespace tlspolicyd {
namespace {

// Beside the slot: two buckets and a half of the name index at its emptiest, and a place
// in each of three heaps that grow by doubling.
constexpr std::size_t kBookkeeping = 20 + 3 * 8;
constexpr std::size_t kControlBlock = 16;  // std::make_shared's, in front of its object

// What glibc's malloc takes for `octets`: its own word, multiples of 16, at least 32.
std::size_t block(std::size_t octets) {
  return octets == 0 ? 0 : std::max<std::size_t>(32, (octets + sizeof(std::size_t) + 15) / 16 * 16);
}

// Beyond the string object itself; short ones lie inside it.
std::size_t beyond(const std::string& text) {
  return text.capacity() <= std::string().capacity() ? 0 : block(text.capacity() + 1);
}

std::size_t cost(const HeldPolicy& held) {
  return block(kControlBlock + sizeof held) + beyond(held.id) + beyond(held.policy.text) +
         beyond(held.policy.mx.joined());
}

std::size_t cost(const std::vector<FetchMade>& fetches) {
  std::size_t sum = block(kControlBlock + sizeof fetches) + block(fetches.capacity() * sizeof(FetchMade));
  for (const FetchMade& made : fetches) sum += beyond(made.id);
  return sum;
}

std::size_t cost(const Failure& failure) { return block(kControlBlock + sizeof failure) + beyond(failure.detail); }

std::size_t cost(const HopDanes& known) {
  std::size_t sum = block(kControlBlock + sizeof known) + block(known.capacity() * sizeof(HopDane));
  for (const HopDane& hop : known) {
    sum += block(hop.status.hosts.capacity() * sizeof(DaneHost));
    for (const DaneHost& host : hop.status.hosts) sum += beyond(host.name);
  }
  return sum;
}

}  // namespace

std::size_t octets_of(const Entry& entry) {
  std::size_t sum = sizeof(Slot) + kBookkeeping + beyond(entry.domain.text());
  if (entry.held) sum += cost(*entry.held);
  if (entry.fetches) sum += cost(*entry.fetches);
  if (entry.failure) sum += cost(*entry.failure);
  if (entry.dane) sum += cost(*entry.dane);
  return sum;
}

}  // namespace tlspolicyd
