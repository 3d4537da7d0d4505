#include "view/entry_json.h"

#include "view/json.h"

namespace tlspolicyd {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const std::optional<FailureView>& failure) {
  if (!failure) return nullptr;
  return Json{{"result", failure->result},
              {"since", rfc3339(failure->since)},
              {"count", failure->count},
              {"detail", failure->detail}};
}

std::optional<FailureView> failure_member(const Json& object) {
  const Json* const value = member(object, "failure");
  if (value == nullptr || !value->is_object()) return std::nullopt;
  return FailureView{text_member(*value, "result").value_or(""), time_member(*value, "since").value_or(WallTime{}),
                     number_member(*value, "count").value_or(0), text_member(*value, "detail").value_or("")};
}

std::optional<std::int64_t> age_member(const Json& object) {
  const auto age = number_member(object, "max_age");
  if (!age || *age > static_cast<std::uint64_t>(kMaxMaxAge.count())) return std::nullopt;
  return static_cast<std::int64_t>(*age);
}

Json json_of(const DaneView& dane) {
  Json hosts = Json::array();
  for (const DaneHostView& host : dane.hosts)
    hosts.push_back(Json{{"host", host.host}, {"state", host.state}, {"reason", host.reason}});
  return Json{
      {"next_hop", dane.next_hop}, {"status", dane.status}, {"expires", rfc3339(dane.expires)}, {"hosts", hosts}};
}

Json json_of(const std::vector<DaneView>& next_hops) {
  Json out = Json::array();
  for (const DaneView& dane : next_hops) out.push_back(json_of(dane));
  return out;
}

// Nothing where it is no array.
const Json::array_t& array_member(const Json& object, const char* key) {
  static const Json::array_t kNothing;
  const Json* const value = member(object, key);
  return value != nullptr && value->is_array() ? value->get_ref<const Json::array_t&>() : kNothing;
}

DaneView dane_view(const Json& object) {
  DaneView view{text_member(object, "next_hop").value_or(""),
                text_member(object, "status").value_or(""),
                time_member(object, "expires").value_or(WallTime{}),
                {}};
  for (const Json& host : array_member(object, "hosts"))
    view.hosts.push_back({text_member(host, "host").value_or(""), text_member(host, "state").value_or(""),
                          text_member(host, "reason").value_or("")});
  return view;
}

std::optional<DaneView> dane_member(const Json& object) {
  const Json* const value = member(object, "dane");
  if (value == nullptr || !value->is_object()) return std::nullopt;
  return dane_view(*value);
}

std::vector<DaneView> next_hops_member(const Json& object) {
  std::vector<DaneView> out;
  for (const Json& other : array_member(object, "next_hops")) out.push_back(dane_view(other));
  return out;
}

}  // namespace

Json json_of(const EntryView& entry) {
  Json out{{"domain", entry.domain},
           {"verdict", entry.verdict},
           {"mode", or_null(entry.mode)},
           {"id", or_null(entry.id)},
           {"mx", entry.mode ? Json(entry.mx) : Json(nullptr)},
           {"max_age", or_null(entry.max_age)},
           {"fetched", json_of(entry.fetched)},
           {"expires", json_of(entry.expires)},
           {"checked", json_of(entry.checked)},
           {"last_asked", json_of(entry.last_asked)},
           {"dane", entry.dane ? json_of(*entry.dane) : Json(nullptr)},
           {"reply", entry.reply},
           {"failure", json_of(entry.failure)}};
  if (!entry.next_hops.empty()) out["next_hops"] = json_of(entry.next_hops);
  return out;
}

std::string entry_json(const EntryView& entry) { return to_line(json_of(entry)); }

Result<EntryView> parse_entry_json(std::string_view line) {
  const Json json = parse_json(line);
  const auto domain = text_member(json, "domain"), verdict = text_member(json, "verdict");
  if (!domain || !verdict) return fail("not a cache entry in JSON");
  return EntryView{.domain = *domain,
                   .verdict = *verdict,
                   .mode = text_member(json, "mode"),
                   .id = text_member(json, "id"),
                   .mx = texts_member(json, "mx"),
                   .max_age = age_member(json),
                   .fetched = time_member(json, "fetched"),
                   .expires = time_member(json, "expires"),
                   .checked = time_member(json, "checked"),
                   .last_asked = time_member(json, "last_asked"),
                   .dane = dane_member(json),
                   .next_hops = next_hops_member(json),
                   .reply = text_member(json, "reply").value_or(""),
                   .failure = failure_member(json)};
}

}  // namespace tlspolicyd
