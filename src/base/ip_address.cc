#include "base/ip_address.h"

#include <arpa/inet.h>

namespace tlspolicyd {

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string terminated(text);
  if (terminated.find('\0') != terminated.npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.octets.data()) == 1) return address;
  address.family = IpAddress::Family::v6;
  if (inet_pton(AF_INET6, terminated.c_str(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

std::string to_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  const int family = address.family == IpAddress::Family::v4 ? AF_INET : AF_INET6;
  inet_ntop(family, address.octets.data(), text, sizeof text);
  return text;
}

}  // namespace tlspolicyd
