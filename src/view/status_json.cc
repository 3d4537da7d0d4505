#include "view/status_json.h"

#include <cstdint>

#include "view/json.h"

namespace tlspolicyd {
namespace {

using Counts = StatusView::Counts;

// By hand, because an empty map must be {} and not null.
Json json_of(const Counts& counts) {
  Json out = Json::object();
  for (const auto& [word, count] : counts) out[word] = count;
  return out;
}

Json json_of(const std::map<std::string, Counts, std::less<>>& families) {
  Json out = Json::object();
  for (const auto& [name, counts] : families) out[name] = json_of(counts);
  return out;
}

Counts counts_of(const Json& object) {
  Counts out;
  if (!object.is_object()) return out;
  for (const auto& [word, count] : object.items())
    if (count.is_number_unsigned()) out[word] = count.get<std::uint64_t>();
  return out;
}

// The member, or null where there is none: reading on is then harmless.
const Json& part(const Json& object, const char* key) {
  static const Json kNothing;
  const Json* const found = member(object, key);
  return found == nullptr ? kNothing : *found;
}

bool flag(const Json& object, const char* key) {
  const Json& value = part(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::uint64_t number(const Json& object, const char* key) { return number_member(object, key).value_or(0); }

// What does not fit counts as missing, or it would be shown as a number below zero.
std::int64_t signed_number(const Json& object, const char* key) {
  const std::uint64_t found = number(object, key);
  return found > INT64_MAX ? 0 : static_cast<std::int64_t>(found);
}

std::string text(const Json& object, const char* key) { return text_member(object, key).value_or(""); }

Json json_of(const std::vector<MapNameView>& maps) {
  Json out = Json::array();
  for (const MapNameView& map : maps) {
    Json shown{{"name", map.name}, {"level", map.level}, {"lookups", map.lookups}, {"dane_active", map.dane_active}};
    if (!map.error.empty()) shown["error"] = map.error;
    out.push_back(std::move(shown));
  }
  return out;
}

std::vector<MapNameView> maps_of(const Json& array) {
  std::vector<MapNameView> out;
  if (!array.is_array()) return out;
  for (const Json& map : array)
    out.push_back(
        {text(map, "name"), text(map, "level"), number(map, "lookups"), flag(map, "dane_active"), text(map, "error")});
  return out;
}

void read_parts(const Json& json, StatusView& status) {
  const Json &resolver = part(json, "resolver"), &cache = part(json, "cache"), &refresh = part(json, "refresh"),
             &store = part(json, "store");
  status.resolver_addresses = texts_member(resolver, "addresses");
  status.resolver_validates = flag(resolver, "validates");
  status.cache_entries = number(cache, "entries");
  status.cache_by_mode = counts_of(part(cache, "by_mode"));
  status.cache_bytes = number(cache, "bytes");
  status.refresh_due = number(refresh, "due");
  status.refresh_failing = number(refresh, "failing");
  status.store_state = text(store, "state");
  status.store_pending = number(store, "pending");
  const Json& counters = part(json, "counters");
  if (!counters.is_object()) return;
  for (const auto& [name, counts] : counters.items()) status.counters[name] = counts_of(counts);
}

Json json_of(const StatusView& status) {
  return Json{
      {"version", status.version},
      {"started", rfc3339(status.started)},
      {"uptime", status.uptime.count()},
      {"pid", status.pid},
      {"listen", status.listen},
      {"postfix_security_level", status.postfix_security_level},
      {"dane_active", status.dane_active},
      {"maps", json_of(status.maps)},
      {"resolver", {{"addresses", status.resolver_addresses}, {"validates", status.resolver_validates}}},
      {"cache",
       {{"entries", status.cache_entries}, {"by_mode", json_of(status.cache_by_mode)}, {"bytes", status.cache_bytes}}},
      {"connections", status.connections},
      {"lookups", json_of(status.lookups)},
      {"fetches", json_of(status.fetches)},
      {"refresh", {{"due", status.refresh_due}, {"failing", status.refresh_failing}}},
      {"store", {{"state", status.store_state}, {"pending", status.store_pending}}},
      {"counters", json_of(status.counters)}};
}

}  // namespace

std::string status_json(const StatusView& status) { return to_line(json_of(status)); }

Result<StatusView> parse_status_json(std::string_view line) {
  const Json json = parse_json(line);
  const auto version = text_member(json, "version");
  const auto started = time_member(json, "started");
  if (!version || !started) return fail("not a status in JSON");
  StatusView status;
  status.version = *version;
  status.started = *started;
  status.uptime = seconds(signed_number(json, "uptime"));
  status.pid = signed_number(json, "pid");
  status.listen = texts_member(json, "listen");
  status.postfix_security_level = text(json, "postfix_security_level");
  status.dane_active = flag(json, "dane_active");
  status.maps = maps_of(part(json, "maps"));
  status.connections = number(json, "connections");
  status.lookups = counts_of(part(json, "lookups"));
  status.fetches = counts_of(part(json, "fetches"));
  read_parts(json, status);
  return status;
}

}  // namespace tlspolicyd
