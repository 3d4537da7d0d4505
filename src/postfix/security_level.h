// The words of smtp_tls_security_level. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tlspolicyd {

enum class BaseLevel : std::uint8_t { unknown, none, may, encrypt, dane, dane_only, fingerprint, verify, secure };
inline constexpr std::size_t kBaseLevels = 9;

[[nodiscard]] std::string_view name_of(BaseLevel level);                         // "dane-only"
[[nodiscard]] std::optional<BaseLevel> parse_base_level(std::string_view word);  // Postfix's words; empty text is none

// Whether a client at this level demands more than any policy can: each reply would replace its level,
// so that it must be NOTFOUND.
[[nodiscard]] constexpr bool allows_no_reply(BaseLevel level) {
  return level == BaseLevel::dane_only || level == BaseLevel::fingerprint;
}

}  // namespace tlspolicyd
