// Netstrings as both directions of a socketmap are framed: decimal length, ':',
// payload, ','. Pure; keeps no state, so a caller reads again when more has arrived:
// that costs only the digits, however long the payload is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tlspolicyd {

// Postfix up to 3.11 sends keys of any length and 20 kB have been seen; names of mail
// domains end at 255 octets. The first power of two with room for the former.
inline constexpr std::size_t kMaxRequest = 32'768;

// Leading zeros are legal, an endless row of them is not: as many digits as a 32-bit
// length can have.
inline constexpr std::size_t kMaxLengthDigits = 10;

struct NetstringFrame {
  std::string_view payload;  // within the buffer that was read
  std::size_t size;          // octets of the whole frame, the comma included
};

// The first frame of `buffer`; empty while octets of it are missing. Fails as soon as
// what is there can no longer become a frame of at most `max_payload` octets.
[[nodiscard]] Result<std::optional<NetstringFrame>> read_netstring(std::string_view buffer, std::size_t max_payload);

void append_netstring(std::string& out, std::string_view payload);

}  // namespace tlspolicyd
