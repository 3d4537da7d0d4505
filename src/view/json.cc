#include "view/json.h"

#include <ctime>

namespace tlspolicyd {
namespace {

// What rfc3339() writes, and nothing else.
std::optional<WallTime> parse_time(const std::string& text) {
  std::tm utc{};
  const char* const end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return WallTime(seconds(::timegm(&utc)));
}

}  // namespace

std::string to_line(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

Json json_of(const std::optional<WallTime>& time) { return time ? Json(rfc3339(*time)) : Json(nullptr); }

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> text_member(const Json& object, const char* key) {
  const Json* const value = member(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

std::optional<std::uint64_t> number_member(const Json& object, const char* key) {
  const Json* const value = member(object, key);
  if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
  return value->get<std::uint64_t>();
}

std::optional<WallTime> time_member(const Json& object, const char* key) {
  const auto text = text_member(object, key);
  return text ? parse_time(*text) : std::nullopt;
}

std::vector<std::string> texts_member(const Json& object, const char* key) {
  std::vector<std::string> out;
  const Json* const list = member(object, key);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

}  // namespace tlspolicyd
