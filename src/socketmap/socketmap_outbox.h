// The replies of one connection that its socket has not taken yet. Answer loop only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tlspolicyd {

class SocketmapOutbox {
 public:
  [[nodiscard]] bool empty() const { return unsent_.empty(); }
  // Since when the socket has taken nothing more, if something waits for it.
  [[nodiscard]] std::optional<SteadyTime> blocked_since() const { return blocked_since_; }

  // Both keep what the socket does not take, and give the errno of what broke it, else 0.
  [[nodiscard]] int send(int fd, std::string_view out, const Clock& clock);
  [[nodiscard]] int send_rest(int fd);

 private:
  std::string unsent_;
  std::size_t sent_ = 0;  // octets of it that the socket took since
  std::optional<SteadyTime> blocked_since_;
};

}  // namespace tlspolicyd
