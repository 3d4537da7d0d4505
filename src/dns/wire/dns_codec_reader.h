// A walk over the octets of one DNS message, for dns/wire/dns_codec alone. The first read that
// does not fit fails the walk: it and all later ones give nothing, and failure() tells why.
#pragma once

#include <cstdint>
#include <string>

#include "dns/wire/dns_codec.h"

namespace tlspolicyd {

class DnsReader {
 public:
  DnsReader(Octets message, std::size_t position) : message_(message), position_(position) {}

  // `end`: no octet at or behind it belongs to what is read; at most size().
  [[nodiscard]] std::uint8_t u8(std::size_t end);
  [[nodiscard]] std::uint16_t u16(std::size_t end);
  [[nodiscard]] std::uint32_t u32(std::size_t end);
  [[nodiscard]] std::string octets(std::size_t count, std::size_t end);
  // In presentation form, pointers followed (RFC 1035 section 4.1.4).
  [[nodiscard]] std::string name(std::size_t end);
  void skip_to(std::size_t position);

  void fail(const char* why) {
    if (!failure_) failure_ = why;
  }
  [[nodiscard]] const char* failure() const { return failure_; }  // null: none yet
  [[nodiscard]] std::size_t size() const { return message_.size(); }
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  // `count` octets from here, or null.
  const std::uint8_t* take(std::size_t count, std::size_t end);

  Octets message_;
  std::size_t position_;
  const char* failure_ = nullptr;
};

}  // namespace tlspolicyd
