// Messages in a stream of octets: two octets of length before each (RFC 7766 section 8). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dns/wire/dns_codec.h"

namespace tlspolicyd {

// Appends `message` to what is to be sent.
void append_framed(std::vector<std::uint8_t>& out, Octets message);

// Takes octets as they come and gives whole messages. Holds at most one message, 65 535 octets,
// and what was read behind it.
class DnsStream {
 public:
  void add(Octets octets) { held_.insert(held_.end(), octets.begin(), octets.end()); }
  // The next whole message, good until add() or next() is called; empty: not here yet.
  [[nodiscard]] std::optional<Octets> next();

 private:
  std::vector<std::uint8_t> held_;
  std::size_t given_ = 0;  // octets of held_ that were given out
};

}  // namespace tlspolicyd
