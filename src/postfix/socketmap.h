// What goes into the netstrings of a socketmap (Postfix socketmap_table(5)). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tlspolicyd {

struct SocketmapRequest {
  std::string_view map_name;
  std::string_view key;  // raw octets, blanks included; may be empty
};

// `NAME SP KEY`, parted at the first blank. Empty: no blank, so not a request.
[[nodiscard]] std::optional<SocketmapRequest> parse_socketmap_request(std::string_view payload);

// What a reply tells Postfix, for the counters.
enum class ReplyKind : std::uint8_t { secure, notfound, temp, dane, other };
inline constexpr std::size_t kReplyKinds = 5;

[[nodiscard]] std::string_view name_of(ReplyKind kind);
[[nodiscard]] ReplyKind kind_of_reply(std::string_view payload);

}  // namespace tlspolicyd
