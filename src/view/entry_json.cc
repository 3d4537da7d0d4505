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
  return FailureView{text_member(*value, "result").value_or(""),
                     time_member(*value, "since").value_or(WallTime{}),
                     number_member(*value, "count").value_or(0), text_member(*value, "detail").value_or("")};
}

std::optional<std::int64_t> age_member(const Json& object) {
  const auto age = number_member(object, "max_age");
  if (!age || *age > static_cast<std::uint64_t>(kMaxMaxAge.count())) return std::nullopt;
  return static_cast<std::int64_t>(*age);
}

}  // namespace

Json json_of(const EntryView& entry) {
  return Json{{"domain", entry.domain},
              {"verdict", entry.verdict},
              {"mode", or_null(entry.mode)},
              {"id", or_null(entry.id)},
              {"mx", entry.mode ? Json(entry.mx) : Json(nullptr)},
              {"max_age", or_null(entry.max_age)},
              {"fetched", json_of(entry.fetched)},
              {"expires", json_of(entry.expires)},
              {"checked", json_of(entry.checked)},
              {"last_asked", json_of(entry.last_asked)},
              {"dane", nullptr},
              {"reply", entry.reply},
              {"failure", json_of(entry.failure)}};
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
                   .reply = text_member(json, "reply").value_or(""),
                   .failure = failure_member(json)};
}

}  // namespace tlspolicyd
