// The notations of parameter values, each with its way back to text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace tlspolicyd {

[[nodiscard]] Result<seconds> parse_duration(std::string_view text);     // 90s 5m 1h 30d 2w
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);   // 65536 64k 512m 2g
[[nodiscard]] Result<std::uint32_t> parse_octal(std::string_view text);  // 0666
[[nodiscard]] Result<bool> parse_yes_no(std::string_view text);

// Lists are separated by commas, blanks or both, as in main.cf.
[[nodiscard]] Result<std::vector<ListenAddress>> parse_listen(std::string_view text);
[[nodiscard]] Result<std::vector<Resolver>> parse_resolvers(std::string_view text);
[[nodiscard]] Result<CacheChoice> parse_cache(std::string_view text);
[[nodiscard]] Result<std::string> parse_absolute_path(std::string_view text);
[[nodiscard]] Result<std::string> parse_socket_path(std::string_view text);  // absolute, short

// What the parsers above read back as the same value.
[[nodiscard]] std::string show_duration(seconds value);
[[nodiscard]] std::string show_size(std::uint64_t octets);
[[nodiscard]] std::string show_octal(std::uint32_t mode);
[[nodiscard]] std::string to_text(const CacheChoice& cache);

}  // namespace tlspolicyd
