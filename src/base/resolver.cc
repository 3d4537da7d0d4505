#include "base/resolver.h"

#include <algorithm>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kScopeMax = 15;  // IFNAMSIZ less its terminator

// What delimits an address cannot be part of it, whatever the kernel lets one call an interface.
bool good_scope(std::string_view scope) {
  constexpr std::string_view kDelimiters = "[]:,/";
  return !scope.empty() && scope.size() <= kScopeMax &&
         std::all_of(scope.begin(), scope.end(), [](char c) { return c > ' ' && c <= '~'; }) &&
         scope.find_first_of(kDelimiters) == scope.npos;
}

Result<Resolver> with_port(Result<Resolver> resolver, std::string_view port) {
  if (!resolver) return resolver;
  const auto number = parse_decimal(port, 65535);
  if (!number || *number == 0) return fail("the port is not a number from 1 to 65535");
  resolver->port = static_cast<std::uint16_t>(*number);
  return resolver;
}

}  // namespace

Result<Resolver> parse_nameserver(std::string_view text) {
  const auto percent = text.find('%');
  const auto address = parse_ip(text.substr(0, percent));
  if (!address) return fail("not an IPv4 or IPv6 address");
  Resolver resolver{.address = *address};
  if (percent == text.npos) return resolver;
  resolver.scope = text.substr(percent + 1);
  if (address->family != IpAddress::Family::v6 || !good_scope(resolver.scope))
    return fail("only an IPv6 address can carry %interface");
  return resolver;
}

Result<Resolver> parse_resolver(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == text.npos) return fail("\"[\" without \"]\"");
    auto resolver = parse_nameserver(text.substr(1, close - 1));
    if (resolver && resolver->address.family != IpAddress::Family::v6)
      return fail("only an IPv6 address stands in brackets");
    const auto rest = text.substr(close + 1);
    if (rest.empty()) return resolver;
    if (rest.front() != ':') return fail("expected \":PORT\" after \"]\"");
    return with_port(std::move(resolver), rest.substr(1));
  }
  const auto colon = text.find(':');
  if (colon == text.npos || text.find(':', colon + 1) != text.npos) return parse_nameserver(text);
  return with_port(parse_nameserver(text.substr(0, colon)), text.substr(colon + 1));
}

std::string to_text(const Resolver& resolver) {
  std::string host = to_text(resolver.address);
  if (!resolver.scope.empty()) host += '%' + resolver.scope;
  if (resolver.address.family == IpAddress::Family::v6) host = '[' + host + ']';
  return host + ':' + std::to_string(resolver.port);
}

}  // namespace tlspolicyd
