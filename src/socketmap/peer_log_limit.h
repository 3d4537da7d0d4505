// Keeps a peer from filling the log: one line a minute and peer.
#pragma once

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "net/peer.h"

namespace tlspolicyd {

class PeerLogLimit {
 public:
  // Whether a line about `peer` may be written now; remembers that it is.
  [[nodiscard]] bool allows(const Peer& peer, SteadyTime now) {
    std::erase_if(written_, [&](const auto& line) { return now - line.second >= kInterval; });
    if (written_.size() >= kMaxPeers) return false;
    return written_.emplace(peer, now).second;
  }

 private:
  static constexpr seconds kInterval{60};
  // So many lines a minute say what is going on; more would only cost memory.
  static constexpr std::size_t kMaxPeers = 64;

  std::map<Peer, SteadyTime> written_;
};

}  // namespace tlspolicyd
