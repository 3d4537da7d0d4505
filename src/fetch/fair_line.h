// A line in which networks take turns: next is who belongs to the network that has least
// under way, and of its people the newest. So thousands of hosts of one owner stand in
// each other's way, not in that of others. Answer loop only.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <set>

#include "base/ip_address.h"

namespace tlspolicyd {

// What one owner has in one place: an IPv4 /24, an IPv6 /48.
struct Network {
  IpAddress::Family family = IpAddress::Family::v4;
  std::array<std::uint8_t, 6> prefix{};

  friend auto operator<=>(const Network&, const Network&) = default;
};

[[nodiscard]] Network network_of(const IpAddress& address);

class FairLine {
 public:
  using Number = std::uint64_t;  // in order of coming, from 1 on

  void join(const Network& network, Number who);
  void leave(const Network& network, Number who);
  [[nodiscard]] Number next() const;  // 0: nobody
  [[nodiscard]] bool empty() const { return order_.empty(); }

  void began(const Network& network);
  void ended(const Network& network);
  [[nodiscard]] std::size_t under_way(const Network& network) const;

 private:
  struct Standing {
    std::size_t under_way = 0;
    std::set<Number> waiting;
  };
  struct Rank {
    std::size_t under_way;
    Number newest;
    Network network;
    bool operator<(const Rank& other) const;
  };

  template <typename Change>
  void change(const Network& network, Change change);

  std::map<Network, Standing> networks_;  // those with somebody under way or waiting
  std::set<Rank> order_;                  // those with somebody waiting, next first
};

}  // namespace tlspolicyd
