#include "base/listen_address.h"

#include "base/text.h"

namespace tlspolicyd {
namespace {

Result<ListenAddress> parse_path(std::string_view path) {
  if (path.empty()) return fail("the path is missing");
  if (path.find('\0') != path.npos) return fail("the path holds a NUL");
  if (path.size() > kMaxSocketPath)
    return fail("the path has " + std::to_string(path.size()) + " octets and a socket's may have " +
                std::to_string(kMaxSocketPath));
  return ListenAddress{.path = std::string(path)};
}

Result<std::string> parse_host(std::string_view text) {
  const bool bracketed = !text.empty() && text.front() == '[';
  if (bracketed && (text.size() < 3 || text.back() != ']')) return fail("the brackets do not match");
  const std::string_view host = bracketed ? text.substr(1, text.size() - 2) : text;
  if (!bracketed && host.find(':') != host.npos) return fail("an IPv6 address stands in brackets");
  if (host.find_first_of(std::string_view("[] \t\0", 5)) != host.npos) return fail("that is no host");
  return std::string(host);
}

Result<ListenAddress> parse_inet(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return fail("the port is missing");
  const auto port = parse_decimal(text.substr(colon + 1), 65'535);
  if (!port) return fail("the port is no number from 0 to 65535");
  auto host = parse_host(text.substr(0, colon));
  if (!host) return tl::unexpected(host.error());
  return ListenAddress{.path = "", .host = *std::move(host), .port = static_cast<std::uint16_t>(*port)};
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  auto address = text.substr(0, 5) == "unix:"   ? parse_path(text.substr(5))
                 : text.substr(0, 5) == "inet:" ? parse_inet(text.substr(5))
                                                : fail("it begins with neither inet: nor unix:");
  if (!address) return fail('"' + std::string(text) + "\": " + address.error().text);
  return address;
}

std::string to_text(const ListenAddress& address) {
  if (!address.path.empty()) return "unix:" + address.path;
  const bool v6 = address.host.find(':') != address.host.npos;
  return "inet:" + (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace tlspolicyd
