// Why a fetch failed, as code and in words.
#pragma once

#include <string>

#include "net/https.h"

namespace tlspolicyd {

struct FetchFailure {
  FetchFault fault;
  std::string detail;  // for people, may quote remote octets
};

}  // namespace tlspolicyd
