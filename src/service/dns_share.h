// A share of the DNS client: so many questions at once, the rest in turn. What one kind of
// work asks, and strangers can multiply, then keeps no other from being asked. Answer loop
// only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "net/dns.h"

namespace tlspolicyd {

class DnsShare final : public Dns {
 public:
  DnsShare(Dns& dns, std::size_t most) : dns_(dns), most_(most) {}  // outlives this object
  DnsShare(const DnsShare&) = delete;
  DnsShare& operator=(const DnsShare&) = delete;

  [[nodiscard]] Ticket ask(const DnsQuestion& question, Done done) override;

 private:
  using Id = std::uint64_t;  // in order of asking

  void begin(Id id, const DnsQuestion& question, Done done);
  void begin_waiting();
  void cancel(Id id);

  Dns& dns_;
  std::size_t most_;
  Id last_id_ = 0;
  std::map<Id, std::pair<DnsQuestion, Done>> waiting_;
  std::map<Id, Ticket> running_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // outlived by tickets
};

}  // namespace tlspolicyd
