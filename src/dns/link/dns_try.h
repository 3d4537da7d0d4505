// One question on its way to one resolver: it waits for its turn in a DnsLink, goes out over UDP
// or TCP, and keeps its id and socket until an outcome comes or its owner destroys it.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dns/dns.h"
#include "dns/wire/dns_codec.h"

namespace tlspolicyd {

class DnsLink;
class DnsTry;

struct DnsOutcome {
  enum class Kind : std::uint8_t {
    reply,      // to this question, not judged further; over TCP it may say that it is truncated
    truncated,  // the reply is too long for a datagram
    lost,       // its socket was closed for reasons of its own: to be sent again
    broken,     // the resolver cannot be reached
  };
  Kind kind = Kind::reply;
  Octets reply;       // good during the call
  std::string cause;  // of broken, for people
};

// Where a try is, once it has been sent.
class DnsCarrier {
 public:
  virtual ~DnsCarrier() = default;
  // Nobody waits for it any more. What still comes for its id is late, not forged.
  virtual void forget(DnsTry& each) noexcept = 0;
};

class DnsTry {
 public:
  // Called on turns of the link's own, never from within its other calls. Each may destroy the try.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Its turn has come. False: it is not to be sent here any more.
    [[nodiscard]] virtual bool on_turn(DnsTry& each) = 0;
    virtual void on_outcome(DnsTry& each, const DnsOutcome& outcome) = 0;
  };

  // `link` and `owner` outlive this object. `query`: an encoded one; its id is chosen later.
  DnsTry(DnsLink& link, Owner& owner, std::size_t resolver, std::vector<std::uint8_t> query, bool tcp)
      : link_(link), owner_(owner), resolver_(resolver), tcp_(tcp), query_(std::move(query)) {}
  DnsTry(const DnsTry&) = delete;
  DnsTry& operator=(const DnsTry&) = delete;
  ~DnsTry();  // cancels

  [[nodiscard]] Owner& owner() const { return owner_; }
  [[nodiscard]] std::size_t resolver() const { return resolver_; }  // the owner's index
  [[nodiscard]] bool tcp() const { return tcp_; }
  [[nodiscard]] Octets query() const { return query_; }
  [[nodiscard]] std::uint16_t id() const { return static_cast<std::uint16_t>(query_[0] << 8 | query_[1]); }
  void set_id(std::uint16_t id) {
    query_[0] = static_cast<std::uint8_t>(id >> 8);
    query_[1] = static_cast<std::uint8_t>(id & 0xFF);
  }

  // The link's notes.
  DnsCarrier* carrier = nullptr;
  DnsTurn turn = DnsTurn::first_contact;
  bool again = false;
  std::optional<std::list<DnsTry*>::iterator> waiting;  // its place, in the line of its turn, or of what is asked again
  SteadyTime sent_at{};
  bool unanswered = false;  // sent, and counts as such

 private:
  DnsLink& link_;
  Owner& owner_;
  std::size_t resolver_;
  bool tcp_;
  std::vector<std::uint8_t> query_;
};

// Numbers that cannot be foretold (RFC 5452 section 9.2), from the kernel in stocks.
class RandomNumbers {
 public:
  [[nodiscard]] std::uint16_t next();

 private:
  std::array<std::uint16_t, 64> stock_{};
  std::size_t left_ = 0;
};

}  // namespace tlspolicyd
