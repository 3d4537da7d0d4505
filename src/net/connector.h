// Brings one TCP connection about, to whichever of several addresses answers first: the
// next attempt begins 250 ms after the last, or at once when one fails (RFC 8305).
// Not TLS. Fetch thread; its own deadline is the owner's affair.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "event/loop.h"
#include "event/timer.h"

namespace tlspolicyd {

class Connector {
 public:
  // Called from the loop or from inside race(), which must then not be destroyed.
  struct Events {
    std::function<void(UniqueFd socket, const IpAddress&)> connected;
    std::function<void(const IpAddress&, int error)> failed;  // errno of one address
    std::function<void(const IpAddress&)> slower;             // than the one about to be connected
    std::function<void()> exhausted;                          // none is left
  };

  Connector(Loop& loop, const std::vector<IpAddress>& addresses, std::uint16_t port,
            Events events);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  ~Connector();

  // Begins, or goes on with the addresses that have not failed yet and were not handed out.
  void race();
  void stop();

  [[nodiscard]] bool more() const { return !waiting_.empty(); }
  [[nodiscard]] std::vector<IpAddress> trying() const;

 private:
  struct Attempt;

  void begin_next();
  void ready(Attempt& attempt);
  void lose(const IpAddress& address, int error);
  void win(const IpAddress& address, UniqueFd socket);
  [[nodiscard]] std::unique_ptr<Attempt> take(const Attempt& attempt);
  void bury(std::unique_ptr<Attempt> attempt);

  Loop& loop_;
  std::deque<IpAddress> waiting_;
  std::uint16_t port_;
  Events events_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::unique_ptr<Timer> stagger_;
};

}  // namespace tlspolicyd
