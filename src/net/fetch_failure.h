// Why a fetch failed, as code and in words.
#pragma once

#include <string>
#include <string_view>

#include "net/https.h"

namespace tlspolicyd {

struct FetchFailure {
  FetchFault fault;
  std::string detail;         // for people, may quote remote octets
  std::string_view rfc = {};  // as FetchOutcome has it; a literal
};

}  // namespace tlspolicyd
