// One connected UDP socket and the questions that wait for their answers there. A connected
// socket takes datagrams from the resolver's address and port only. Answer loop only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "dns/link/dns_try.h"

namespace tlspolicyd {

class DnsSocket final : public DnsCarrier {
 public:
  static constexpr int kStraysMax = 16;  // see dns/link/dns_sockets.h
  static constexpr std::size_t kShared = 128, kIdsMost = 16'384;

  class Events {
   public:
    virtual ~Events() = default;
    // The try has left the socket. May destroy tries, not the socket.
    virtual void on_reply(DnsTry& each, const DnsOutcome& outcome) = 0;
    virtual void on_stray() = 0;
    // The last of its questions has ended.
    virtual void on_idle(DnsSocket& socket) noexcept = 0;
    // `error`: errno, or 0 after too many strays. Its questions are still there: see take_one().
    virtual void on_retired(DnsSocket& socket, int error) = 0;
  };

  // `random` and `events` outlive this object.
  DnsSocket(Loop& loop, UniqueFd fd, SteadyTime born, RandomNumbers& random, Events& events);

  // 0 or errno. The id is chosen here, one that this socket never had.
  [[nodiscard]] int send(DnsTry& each);
  void forget(DnsTry& each) noexcept override;
  [[nodiscard]] std::size_t unanswered() const { return unanswered_.size(); }
  // Whether it takes one more beside those that wait here. An id serves once, and is looked for by lot.
  [[nodiscard]] bool has_room() const { return unanswered_.size() < kShared && late_.size() < kIdsMost; }
  [[nodiscard]] SteadyTime born() const { return born_; }
  // Once retired: a question that waited here, out of the socket; null: none is left.
  [[nodiscard]] DnsTry* take_one();
  // Nothing is read any more.
  void close();

 private:
  void on_readable();
  [[nodiscard]] bool read_one();
  [[nodiscard]] bool on_error(int error);
  void on_datagram(Octets message, bool whole);
  void leave(DnsTry& each) noexcept;
  [[nodiscard]] std::uint16_t fresh_id();
  void make_room();

  Events& events_;
  RandomNumbers& random_;
  SteadyTime born_;
  std::vector<DnsTry*> unanswered_;
  std::vector<std::uint16_t> late_;  // ids whose answers nobody waits for any more
  int strays_ = 0;
  bool closed_ = false, roomy_ = false;
  UniqueFd fd_;
  FdEvent event_;
};

}  // namespace tlspolicyd
