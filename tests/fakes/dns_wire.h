// DNS messages octet by octet, right ones and wrong ones. Shares no code with the codec
// under test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "dnsdata/dns_answer.h"

namespace tlspolicyd::wire {

using Bytes = std::string;

inline Bytes u8(unsigned value) { return Bytes(1, static_cast<char>(value)); }
inline Bytes u16(unsigned value) { return u8(value >> 8 & 0xFF) + u8(value & 0xFF); }
inline Bytes u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xFFFF); }
inline Bytes counted(std::string_view octets) { return u8(static_cast<unsigned>(octets.size())) + Bytes(octets); }

// Labels as they are, whatever octets they hold.
inline Bytes labels(const std::vector<std::string>& list) {
  Bytes out;
  for (const std::string& label : list) out += counted(label);
  return out + u8(0);
}

// "a.example": split at the dots, no escapes; "" is the root.
inline Bytes name(std::string_view text) {
  Bytes out;
  while (!text.empty()) {
    const auto dot = std::min(text.find('.'), text.size());
    out += counted(text.substr(0, dot));
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out + u8(0);
}

inline Bytes record(const Bytes& owner, unsigned type, std::uint32_t ttl, const Bytes& rdata, unsigned rr_class = 1) {
  return owner + u16(type) + u16(rr_class) + u32(ttl) + u16(static_cast<unsigned>(rdata.size())) + rdata;
}
inline Bytes record(std::string_view owner, RrType type, std::uint32_t ttl, const Bytes& rdata) {
  return record(name(owner), static_cast<unsigned>(type), ttl, rdata);
}

inline Bytes txt(std::string_view owner, const std::vector<std::string>& strings, std::uint32_t ttl = 300) {
  Bytes rdata;
  for (const std::string& each : strings) rdata += counted(each);
  return record(owner, RrType::txt, ttl, rdata);
}
inline Bytes cname(std::string_view owner, std::string_view target, std::uint32_t ttl = 300) {
  return record(owner, RrType::cname, ttl, name(target));
}
inline Bytes mx(std::string_view owner, unsigned preference, std::string_view host, std::uint32_t ttl = 300) {
  return record(owner, RrType::mx, ttl, u16(preference) + name(host));
}
inline Bytes address(std::string_view owner, std::string_view ip, std::uint32_t ttl = 300) {
  const IpAddress parsed = parse_ip(ip).value();
  const bool v4 = parsed.family == IpAddress::Family::v4;
  return record(owner, v4 ? RrType::a : RrType::aaaa, ttl,
                Bytes(parsed.octets.begin(), parsed.octets.begin() + (v4 ? 4 : 16)));
}
inline Bytes soa(std::string_view owner, std::uint32_t ttl, std::uint32_t minimum) {
  return record(owner, RrType::soa, ttl,
                name("ns.example") + name("admin.example") + u32(1) + u32(2) + u32(3) + u32(4) + u32(minimum));
}

inline constexpr unsigned kResponse = 0x8180;  // QR, RD, RA
inline constexpr unsigned kTruncated = 0x0200;
inline constexpr unsigned kAuthentic = 0x0020;

inline Bytes question(const Bytes& owner, unsigned type, unsigned rr_class = 1) {
  return owner + u16(type) + u16(rr_class);
}

struct Message {
  unsigned id = 0x1234;
  unsigned flags = kResponse;  // the rcode included
  std::vector<Bytes> question, answer, authority, additional;

  [[nodiscard]] Bytes bytes() const {
    Bytes out = u16(id) + u16(flags);
    for (const auto* section : {&question, &answer, &authority, &additional})
      out += u16(static_cast<unsigned>(section->size()));
    for (const auto* section : {&question, &answer, &authority, &additional})
      for (const Bytes& part : *section) out += part;
    return out;
  }
};

}  // namespace tlspolicyd::wire
