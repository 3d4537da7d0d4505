// Brings one TCP connection about, to whichever of a host's addresses answers first: the
// families take turns, IPv6 first, and the next attempt begins 250 ms after the last, or at
// once when one fails (RFC 8305). Addresses may be added while it runs. Not TLS. Fetch thread;
// its own deadline is the owner's affair.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "event/loop.h"
#include "event/timer.h"

namespace tlspolicyd {

class Connector {
 public:
  // A host with more addresses of a family gains nothing from the ninth.
  static constexpr std::size_t kMaxPerFamily = 8;
  // Each is a descriptor. A fifth attempt takes the place of the oldest, which has then had a
  // second and is tried again later.
  static constexpr std::size_t kMaxAttempts = 4;

  // Called from the loop or from inside race(), add() or complete(), which must then not be
  // destroyed.
  struct Events {
    std::function<void(UniqueFd socket, const IpAddress&)> connected;
    std::function<void(const IpAddress&, int error)> failed;  // errno of one address
    std::function<void(const IpAddress&)> slower;             // than the one about to be connected
    std::function<void()> exhausted;                          // none is left, and complete() was called
  };

  Connector(Loop& loop, std::uint16_t port, Events events);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  ~Connector();

  void add(const std::vector<IpAddress>& addresses);
  void complete();  // no more will be added
  // Begins, or goes on with the addresses that have not failed yet and were not handed out.
  void race();
  void stop();

  [[nodiscard]] bool has_next() const { return waiting() != 0; }        // another address is left
  [[nodiscard]] bool more() const { return !complete_ || has_next(); }  // or may still be added
  // Those that were tried and neither failed nor connected.
  [[nodiscard]] std::vector<IpAddress> unanswered() const;
  // An address that is left because this host lacked a descriptor, a port or memory, and the errno.
  struct Shortage {
    IpAddress address;
    int error;
  };
  [[nodiscard]] std::optional<Shortage> shortage() const;

 private:
  struct Candidate {
    IpAddress address;
    int round = 0;       // how often it has made room for another
    bool begun = false;  // a SYN went out
    int short_of = 0;    // errno, where it could not be begun for lack of something of ours
  };
  struct Attempt;
  struct Family {
    std::deque<Candidate> waiting;
    std::size_t known = 0;  // of them all
    std::size_t begun = 0;  // those that cost one of kMaxPerFamily
  };

  [[nodiscard]] Family& family_of(const IpAddress& address);
  [[nodiscard]] std::optional<Candidate> take_next();
  void begin_next();
  [[nodiscard]] bool begin(Candidate next);
  void count(Candidate& candidate);
  void make_room();
  void put_back(Candidate candidate);
  void ready(Attempt& attempt);
  void win(const IpAddress& address, UniqueFd socket);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] Candidate retire(const Attempt& attempt);

  Loop& loop_;
  std::uint16_t port_;
  Events events_;
  std::array<Family, 2> families_;  // IPv6, IPv4
  std::size_t last_ = 1;            // of families_, whose turn was last
  bool complete_ = false, racing_ = false;
  bool due_ = false;                                // the next attempt may begin as soon as there is an address for it
  std::vector<std::unique_ptr<Attempt>> attempts_;  // oldest first
  std::unique_ptr<Timer> stagger_;
};

}  // namespace tlspolicyd
