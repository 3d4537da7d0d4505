// One TCP connection to a resolver with many questions on it, answered in any order (RFC 7766
// sections 6.2.1.1 and 7). Answer loop only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "dns/wire/dns_stream.h"
#include "dns/link/dns_try.h"

namespace tlspolicyd {

class DnsConnection final : public DnsCarrier {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    // The try has left the connection. May destroy tries, not the connection.
    virtual void on_answer(DnsTry& each, const DnsOutcome& outcome) = 0;
    virtual void on_room() noexcept = 0;
    // It takes no more questions and has none: to be destroyed, later.
    virtual void on_closed(DnsConnection& connection) = 0;
  };

  // All references outlive this object.
  DnsConnection(Loop& loop, UniqueFd fd, const Clock& clock, RandomNumbers& random, Events& events);

  void send(DnsTry& each);
  void forget(DnsTry& each) noexcept override;
  // Questions that the server has yet to answer, those that nobody waits for any more included.
  [[nodiscard]] std::size_t unanswered() const { return unanswered_.size() + late_.size(); }
  // Since when nothing has come, with or without questions.
  [[nodiscard]] SteadyTime quiet_since() const { return quiet_since_; }
  // Ends it and tells whoever waits: `cause` in words. A connection that has served is one that the
  // server may end: what it left is to be sent again. One that never has is broken.
  void close(const std::string& cause);

 private:
  void on_ready(FdEvent::Watch ready);
  void write_some();
  void read_some();
  void on_message(Octets message);
  [[nodiscard]] bool take_late(Octets message);
  [[nodiscard]] std::uint16_t fresh_id();
  void leave(DnsTry& each) noexcept;

  const Clock& clock_;
  Events& events_;
  RandomNumbers& random_;
  SteadyTime quiet_since_;
  std::vector<DnsTry*> unanswered_;
  std::vector<std::uint16_t> late_;  // ids of those that nobody waits for any more
  bool served_ = false;
  std::vector<std::uint8_t> out_;
  DnsStream in_;
  bool closed_ = false;
  UniqueFd fd_;
  FdEvent event_;
};

}  // namespace tlspolicyd
