#include "fetch/fair_line.h"

#include <algorithm>
#include <tuple>

namespace tlspolicyd {
namespace {

constexpr std::ptrdiff_t kPrefix4 = 3, kPrefix6 = 6;  // octets

}  // namespace

Network network_of(const IpAddress& address) {
  Network network{.family = address.family};
  std::copy_n(address.octets.begin(), address.family == IpAddress::Family::v4 ? kPrefix4 : kPrefix6,
              network.prefix.begin());
  return network;
}

bool FairLine::Rank::operator<(const Rank& other) const {
  return std::tie(under_way, other.newest, network) < std::tie(other.under_way, newest, other.network);
}

template <typename Change>
void FairLine::change(const Network& network, Change change) {
  const auto found = networks_.try_emplace(network).first;
  Standing& standing = found->second;
  const auto rank = [&] { return Rank{standing.under_way, *standing.waiting.rbegin(), network}; };
  if (!standing.waiting.empty()) order_.erase(rank());
  change(standing);
  if (!standing.waiting.empty()) order_.insert(rank());
  else if (standing.under_way == 0) networks_.erase(found);
}

void FairLine::join(const Network& network, Number who) {
  change(network, [&](Standing& standing) { standing.waiting.insert(who); });
}

void FairLine::leave(const Network& network, Number who) {
  change(network, [&](Standing& standing) { standing.waiting.erase(who); });
}

FairLine::Number FairLine::next() const { return order_.empty() ? 0 : order_.begin()->newest; }

void FairLine::began(const Network& network) {
  change(network, [](Standing& standing) { ++standing.under_way; });
}

void FairLine::ended(const Network& network) {
  change(network, [](Standing& standing) { --standing.under_way; });
}

std::size_t FairLine::under_way(const Network& network) const {
  const auto found = networks_.find(network);
  return found == networks_.end() ? 0 : found->second.under_way;
}

}  // namespace tlspolicyd
