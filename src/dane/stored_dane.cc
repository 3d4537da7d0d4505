#include "dane/stored_dane.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kMaxText = 128 * 1024;  // four next hops with twenty hosts of the longest names
constexpr std::size_t kMaxName = 1012;        // 253 octets, each written as \DDD
constexpr std::size_t kFixedFields = 6;
constexpr std::int64_t kFarthest = 253'402'300'799;  // no time of ours is further from another

std::string number(LifeTime time) { return std::to_string(time.time_since_epoch().count()); }

std::string line_of(const HopDane& hop) {
  std::string out = hop.hop.bracketed ? "1 " : "0 ";
  out += std::to_string(hop.hop.port) + " " + std::string(name_of(hop.status.mx)) + " " + number(hop.seen) +
         (hop.failing ? " 1 " : " 0 ") + number(hop.current_until);
  for (const DaneHost& host : hop.status.hosts) {
    out += " " + host.name + "=" + std::string(name_of(host.finding));
    if (host.last_usable) out += "@" + number(*host.last_usable);
  }
  return out;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text != "0" && text != "1") return std::nullopt;
  return text == "1";
}

std::optional<LifeTime> parse_time(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || value > kFarthest || value < -kFarthest)
    return std::nullopt;
  return LifeTime(seconds(value));
}

bool is_host(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '\\';
  });
}

std::optional<DaneHost> parse_host(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos || !is_host(text.substr(0, equals))) return std::nullopt;
  const auto at = std::min(text.find('@', equals), text.size());
  const auto finding = parse_host_finding(text.substr(equals + 1, at - equals - 1));
  if (!finding) return std::nullopt;
  DaneHost host{std::string(text.substr(0, equals)), *finding, {}};
  if (at == text.size()) return host;
  host.last_usable = parse_time(text.substr(at + 1));
  if (!host.last_usable || host.state() != HostState::failed) return std::nullopt;
  return host;
}

bool parse_hosts(const std::vector<std::string_view>& fields, std::vector<DaneHost>& hosts) {
  for (std::size_t i = kFixedFields; i < fields.size(); ++i) {
    auto host = parse_host(fields[i]);
    if (!host) return false;
    hosts.push_back(*std::move(host));
  }
  return hosts.size() <= kMaxDaneHosts;
}

std::optional<HopDane> parse_line(std::string_view line) {
  const auto fields = split(line, ' ');
  if (fields.size() < kFixedFields) return std::nullopt;
  const auto bracketed = parse_flag(fields[0]), failing = parse_flag(fields[4]);
  const auto port = parse_decimal(fields[1], 65535);
  const auto mx = parse_mx_state(fields[2]);
  const auto seen = parse_time(fields[3]), until = parse_time(fields[5]);
  if (!bracketed || !failing || !port || !mx || !seen || !until) return std::nullopt;
  HopDane hop{{*bracketed, static_cast<std::uint16_t>(*port)}, {*mx, {}}, *seen, *failing, *until};
  // Hosts where none can be, or none where some must be, would decide wrongly.
  if (!parse_hosts(fields, hop.status.hosts) || hop.status.hosts.empty() == names_hosts(*mx)) return std::nullopt;
  return hop;
}

bool holds(const HopDanes& hops, const HopKey& hop) {
  return std::any_of(hops.begin(), hops.end(), [&](const HopDane& each) { return each.hop == hop; });
}

}  // namespace

std::string dane_text(const std::shared_ptr<const HopDanes>& known) {
  if (!known) return "";
  std::string out;
  for (const HopDane& hop : *known) out += (out.empty() ? "" : "\n") + line_of(hop);
  return out;
}

std::shared_ptr<const HopDanes> parse_dane(std::string_view text) {
  if (text.empty() || text.size() > kMaxText) return nullptr;
  HopDanes hops;
  for (const std::string_view line : split(text, '\n')) {
    auto hop = parse_line(line);
    if (!hop || hops.size() == kMaxHops || holds(hops, hop->hop)) return nullptr;
    hops.push_back(*std::move(hop));
  }
  const auto known = std::make_shared<const HopDanes>(std::move(hops));
  return dane_text(known) == text ? known : nullptr;  // no number with zeros before it, for one
}

}  // namespace tlspolicyd
