// JSON as this program writes it: keys in the order given, ASCII only. Inside view/.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "view/entry_view.h"

namespace tlspolicyd {

using Json = nlohmann::ordered_json;

// One line. Octets that are not UTF-8 become U+FFFD; everything outside ASCII is
// escaped, so that no terminal takes it for a control sequence.
[[nodiscard]] std::string to_line(const Json& value);

// The value; discarded (is_discarded()) where `text` is not JSON.
[[nodiscard]] Json parse_json(std::string_view text);

[[nodiscard]] Json json_of(const std::optional<WallTime>& time);
[[nodiscard]] Json json_of(const EntryView& entry);

// Members that may be missing, null or of another type: then the result is empty.
[[nodiscard]] const Json* member(const Json& object, const char* key);
[[nodiscard]] std::optional<std::string> text_member(const Json& object, const char* key);
[[nodiscard]] std::optional<std::uint64_t> number_member(const Json& object, const char* key);
[[nodiscard]] std::optional<WallTime> time_member(const Json& object, const char* key);
[[nodiscard]] std::vector<std::string> texts_member(const Json& object, const char* key);

}  // namespace tlspolicyd
