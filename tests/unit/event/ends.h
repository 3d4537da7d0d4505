// Both ends of a stream that does not block.
#pragma once

#include <sys/socket.h>

#include "base/unique_fd.h"
#include "catch.h"

namespace tlspolicyd {

struct Ends {
  UniqueFd mine, peer;
};

inline Ends connected() {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace tlspolicyd
