#include "postfix/next_hop.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/quote.h"

namespace tlspolicyd {
namespace {

// The key cut into its parts, nothing of it judged yet.
struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
  bool bracketed = false;
};

tl::unexpected<Error> refuse(std::string_view key, const char* why) { return fail(in_quotes(key) + ' ' + why); }

// `[host]` or `[host]:port`.
Result<Parts> cut_bracketed(std::string_view key) {
  const auto close = key.find(']');
  if (close == key.npos) return refuse(key, "has no \"]\"");
  const std::string_view host = key.substr(1, close - 1);
  const std::string_view rest = key.substr(close + 1);
  if (host.find(':') != host.npos) return refuse(key, "is an address literal: it has no policy");
  if (rest.empty()) return Parts{host, std::nullopt, true};
  if (rest.front() != ':') return refuse(key, "has text after \"]\" that is no port");
  return Parts{host, rest.substr(1), true};
}

// `domain` or `host:port`.
Result<Parts> cut_plain(std::string_view key) {
  const auto colon = key.find(':');
  if (colon == key.npos) return Parts{key, std::nullopt, false};
  const std::string_view port = key.substr(colon + 1);
  if (port.find(':') != port.npos) return refuse(key, "is an address or malformed: it has no policy");
  return Parts{key.substr(0, colon), port, false};
}

Result<Parts> cut(std::string_view key) {
  if (key.empty()) return fail("the key is empty");
  if (key.front() == '.') return refuse(key, "asks for a parent domain: its policy does not cover others");
  if (key.front() == '/') return refuse(key, "is a path");
  return key.front() == '[' ? cut_bracketed(key) : cut_plain(key);
}

bool is_service_name(std::string_view text) {
  return is_alnum(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

// The number of a service is the system's to say; only those that mail uses are known here.
std::optional<std::uint16_t> service_port(std::string_view name) {
  struct Service {
    std::string_view name;
    std::uint16_t port;
  };
  constexpr std::array kServices{Service{"smtp", 25}, Service{"submission", 587}, Service{"smtps", 465},
                                 Service{"submissions", 465}};
  for (const Service& service : kServices)
    if (equals_ignoring_case(service.name, name)) return service.port;
  return std::nullopt;
}

Result<std::optional<std::uint16_t>> parse_port(std::string_view text) {
  if (text.empty()) return fail("the port is empty");
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    const auto number = parse_decimal(text, 65535);
    if (!number || *number == 0) return fail("port " + in_quotes(text) + " is not in 1 to 65535");
    return static_cast<std::uint16_t>(*number);
  }
  if (!is_service_name(text)) return fail("port " + in_quotes(text) + " is neither a number nor a service");
  return service_port(text);
}

}  // namespace

Result<NextHop> parse_next_hop(std::string_view key) {
  const auto parts = cut(key);
  if (!parts) return tl::unexpected(parts.error());
  std::optional<std::uint16_t> port;
  if (parts->port) {
    const auto parsed = parse_port(*parts->port);
    if (!parsed) return tl::unexpected(parsed.error());
    port = *parsed;
  }
  auto domain = Domain::parse(parts->host);
  if (!domain) return tl::unexpected(domain.error());
  return NextHop{*std::move(domain), parts->bracketed, port};
}

}  // namespace tlspolicyd
