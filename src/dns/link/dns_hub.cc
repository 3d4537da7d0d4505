#include "dns/link/dns_hub.h"

#include <algorithm>

#include "net/descriptors.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kEach = DnsSockets::kMost + DnsConnections::kMost;

// Under a small limit of descriptors DNS has its share of them and no more.
std::size_t sockets_each(std::size_t resolvers) {
  const std::size_t each = descriptor_share(kEach * resolvers) / resolvers;
  return std::clamp<std::size_t>(each > DnsConnections::kMost ? each - DnsConnections::kMost : 1, 1, DnsSockets::kMost);
}

}  // namespace

DnsHub::DnsHub(Loop& loop, Timers& timers, const Clock& clock, Metrics& metrics, std::size_t resolvers,
               std::size_t unanswered_most)
    : loop_(loop),
      timers_(timers),
      clock_(clock),
      metrics_(metrics),
      deadlines_(timers, clock),
      unanswered_most_(unanswered_most),
      max_sockets_(sockets_each(resolvers)) {}

DnsLink& DnsHub::link(const Resolver& resolver) {
  auto& link = links_[resolver];
  if (!link)
    link = std::make_unique<DnsLink>(DnsLink::Parts{loop_, timers_, clock_, metrics_, unanswered_, unanswered_most_},
                                     resolver, max_sockets_);
  return *link;
}

std::size_t dns_descriptors(std::size_t resolvers) {
  return resolvers * (sockets_each(resolvers) + DnsConnections::kMost);
}

}  // namespace tlspolicyd
