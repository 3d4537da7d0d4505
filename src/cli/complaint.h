// What went wrong, on stderr, and the exit code that says the same to scripts.
#pragma once

#include <string_view>

#include "cli/cli.h"
#include "cli/control_client.h"

namespace tlspolicyd {

inline constexpr int kAbsentCode = 1;  // all others are those of sysexits(3)

// "tlspolicyd: <text>", made safe for terminals; returns `code`.
int complain(const Cli& cli, int code, std::string_view text);

// For a reply that is neither done nor absent.
int complain(const Cli& cli, const ControlReply& reply);

// 0, or EX_IOERR with a complaint if not all results could be written.
int finish_output(const Cli& cli);

}  // namespace tlspolicyd
