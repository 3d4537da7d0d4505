// The grammar of one TXT record at `_mta-sts.<domain>` (RFC 8461 section 3.1,
// sts-text-record). Which of several records counts is txt_record.h's affair. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tlspolicyd {

inline constexpr std::string_view kTxtVersion = "v=STSv1";  // sts-version

// The version is the first word: neither "v=STSv12" nor "v=STSv1\;" has it.
[[nodiscard]] bool has_sts_version(std::string_view record);

// The id of a record that has the version, or in words for people what breaks the grammar.
[[nodiscard]] Result<std::string> read_txt_record(std::string_view record);

}  // namespace tlspolicyd
