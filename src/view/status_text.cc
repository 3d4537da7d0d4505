#include "view/status_text.h"

#include "base/text.h"
#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kStatusIndent = 14;

std::string line(std::string_view label, std::string_view text) { return beside(label, kStatusIndent, text); }

std::string counts_text(const StatusView::Counts& counts) {
  std::vector<std::string> pieces;
  for (const auto& [word, count] : counts) pieces.push_back(word + " " + std::to_string(count));
  return pieces.empty() ? "none yet" : join(pieces, ", ");
}

std::string octets_text(std::uint64_t octets) {
  if (octets < 10'240) return std::to_string(octets) + " octets";
  if (octets < std::uint64_t{10} << 20) return std::to_string(octets >> 10) + " KiB";
  return std::to_string(octets >> 20) + " MiB";
}

std::string cache_text(const StatusView& status) {
  std::string out = std::to_string(status.cache_entries) + " entries, " + octets_text(status.cache_bytes);
  if (!status.cache_by_mode.empty()) out += " (" + counts_text(status.cache_by_mode) + ")";
  return out;
}

std::string resolver_text(const StatusView& status) {
  return join(status.resolver_addresses, ", ") +
         (status.resolver_validates ? " (validates DNSSEC)" : " (no DNSSEC validation that counts here)");
}

std::string map_line(const MapNameView& map) {
  std::string text = map.name + ": level " + map.level + ", DANE precedence " + (map.dane_active ? "on" : "off") +
                     ", lookups " + std::to_string(map.lookups);
  if (!map.error.empty()) text += "; error: " + map.error;
  return line("map name", text);
}

std::string maps_text(const StatusView& status) {
  std::string out;
  for (const MapNameView& map : status.maps) out += map_line(map);
  return out;
}

std::string store_text(const StatusView& status) {
  const std::string state =
      status.store_state == "read-only" ? "read-only, for another tlspolicyd writes it" : status.store_state;
  return state + ", " + std::to_string(status.store_pending) + " to be written";
}

// Everything that is counted, by the names that the log and the documents use.
std::string counters_text(const StatusView& status) {
  std::string out;
  for (const auto& [name, counts] : status.counters) out += line(shortened(shown(name), kColumns), counts_text(counts));
  return out.empty() ? out : "\n" + out;
}

}  // namespace

std::string status_text(const StatusView& status, WallTime now) {
  return line("version", status.version + ", pid " + std::to_string(status.pid)) +
         line("started", rfc3339(status.started) + " (" + human_distance(status.started, now) + ")") +
         line("listen", join(status.listen, ", ")) +
         line("Postfix", "security level " + status.postfix_security_level + ", DANE precedence " +
                             (status.dane_active ? "on" : "off")) +
         maps_text(status) + line("resolver", resolver_text(status)) + line("cache", cache_text(status)) +
         line("connections", std::to_string(status.connections)) + line("lookups", counts_text(status.lookups)) +
         line("fetches", counts_text(status.fetches)) +
         line("refresh",
              std::to_string(status.refresh_due) + " due, " + std::to_string(status.refresh_failing) + " failing") +
         line("store", store_text(status)) + counters_text(status);
}

}  // namespace tlspolicyd
