// The UDP sockets to one resolver.
//
// RFC 5452, in figures. Who wants a forged answer taken must send, while the question waits, a
// datagram with the resolver's address, the question, its port and its id: one of about 28 000
// ports (the kernel's range, chosen anew for each socket) and 65 536 ids. With F forged datagrams
// in that time the chance is F / (28 000 * 65 536): for 100 000 in a second and an answer that
// takes one, 5 in 100 000. All sockets together do not change that: a datagram must hit the one
// socket where this question waits, and the same question waits once.
//
// Sharing a socket would let an attacker learn a port and then guess ids alone. So
//   - as long as fewer than kOwn sockets are in use, each question has its own;
//   - beyond, a question goes to one of at least kOwn by lot, and each takes new questions for
//     kYoung only, so that a port that was found out (some thousand probes a second, by side
//     channels) is worth little by then;
//   - DnsSocket::kStraysMax datagrams that match nothing retire a socket and what waits there is
//     sent again from other ports, at once and then ever less often: who knows a port has 16 guesses of
//     65 536, 1 in 4096, and must find the next port. Answers that are late match nothing either, and are
//     told apart by their ids.
// Where the resolver is on loopback none of this can be tried from outside.
//
// DnsSocket::kShared questions wait at one socket at most, so that what comes together fits into its buffer,
// and kMost sockets are open, those that are ending included: descriptors are reserved for them.
// Answer loop only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/resolver.h"
#include "dns/link/dns_socket.h"

namespace tlspolicyd {

class DnsSockets final : private DnsSocket::Events {
 public:
  static constexpr std::size_t kOwn = 32, kMost = 256;
  static constexpr milliseconds kYoung{2000};

  enum class Choice : std::uint8_t { open, share, wait };
  // Pure. `young`: that take new questions; `roomy`: those of them with room; `open`: all.
  [[nodiscard]] static Choice choose(std::size_t young, std::size_t roomy, std::size_t open, std::size_t most);

  struct Listener {
    std::function<void(DnsTry&, const DnsOutcome&)> on_outcome;
    std::function<void()> on_stray;
    std::function<void()> on_change;  // a socket may be destroyed or used again: see sweep()
  };
  // `most`: kMost, or fewer where descriptors are few.
  DnsSockets(Loop& loop, Resolver resolver, std::size_t most, Listener listener);

  // 0, or errno; EAGAIN: as many sockets as may be are in use.
  [[nodiscard]] int send(DnsTry& each, SteadyTime now);
  // Destroys what has ended. Not from within a callback of a socket.
  void sweep(SteadyTime now);
  // Sockets that are kept for the next question: they have to be swept within kYoung.
  [[nodiscard]] bool keeps_idle() const { return !young_.empty(); }
  [[nodiscard]] std::size_t open() const { return young_.size() + ending_.size(); }

 private:
  using Socket = std::unique_ptr<DnsSocket>;
  void on_reply(DnsTry& each, const DnsOutcome& outcome) override { listener_.on_outcome(each, outcome); }
  void on_stray() override { listener_.on_stray(); }
  void on_idle(DnsSocket& socket) noexcept override;
  void on_retired(DnsSocket& socket, int error) override;
  void age(SteadyTime now);
  [[nodiscard]] DnsSocket* any_with_room();
  void end(DnsSocket& socket);

  Loop& loop_;
  Resolver resolver_;
  std::size_t most_;
  Listener listener_;
  RandomNumbers random_;
  std::vector<Socket> young_;   // in order of birth
  std::vector<Socket> ending_;  // too old for new questions
  std::vector<Socket> ended_;   // closed, to be destroyed
};

}  // namespace tlspolicyd
