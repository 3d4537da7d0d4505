// The TCP connections to one resolver: kMost at most, with many questions on each, so that answers
// too long for a datagram cost no handshake each and a crowd of them not a connection each
// (RFC 7766 section 6.2.2). Answer loop only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/resolver.h"
#include "dns/link/dns_connection.h"

namespace tlspolicyd {

class DnsConnections final : private DnsConnection::Events, private DnsCarrier {
 public:
  static constexpr std::size_t kMost = 4;
  static constexpr std::size_t kPipelined = 100;  // questions on one connection
  static constexpr seconds kIdle{2};              // RFC 7766 section 6.2.3: "as soon as"
  static constexpr seconds kStall{2};             // with questions and without an octet it is given up

  struct Listener {
    std::function<void(DnsTry&, const DnsOutcome&)> on_outcome;
    std::function<void()> on_change;  // there is something to sweep
  };
  DnsConnections(Loop& loop, const Clock& clock, Resolver resolver, Listener listener);

  // 0 or errno. It may wait here for room on a connection.
  [[nodiscard]] int send(DnsTry& each);
  // Closes what is idle or stalled. Not from within a callback.
  void sweep();
  // Destroys what has ended. Not from within a callback.
  void bury() { ended_.clear(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  using Connection = std::unique_ptr<DnsConnection>;
  void on_answer(DnsTry& each, const DnsOutcome& outcome) override { listener_.on_outcome(each, outcome); }
  void on_room() noexcept override;
  void on_closed(DnsConnection& connection) override;
  void forget(DnsTry& each) noexcept override;  // of one that waits
  [[nodiscard]] DnsConnection* least_busy() const;
  [[nodiscard]] int connect();
  void send_waiting();

  Loop& loop_;
  const Clock& clock_;
  Resolver resolver_;
  Listener listener_;
  RandomNumbers random_;
  std::vector<Connection> open_, ended_;
  std::deque<DnsTry*> waiting_;
};

}  // namespace tlspolicyd
