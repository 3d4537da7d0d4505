// One connection of the load: asks socketmap questions, measures each reply. Non-blocking;
// its owner polls.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "bench/load_stats.h"
#include "bench/names.h"

namespace tlspolicyd::bench {

class LoadClient {
 public:
  // `source`: last 16 bits of the address in 127/8 to come from, 0 for any.
  [[nodiscard]] bool connect(std::uint16_t port, unsigned source = 0);
  void close() {
    fd_.reset();
    asked_.clear();
    in_.clear();
    out_.clear();
  }

  // Asked when flush() sends it; measured from `since`.
  void ask(const std::string& name, SteadyNow::time_point since);
  [[nodiscard]] bool flush();
  // Takes what has arrived; tells how many replies, or -1 when the other end is gone.
  [[nodiscard]] int receive(std::string_view right, LoadStats& stats);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::size_t in_flight() const { return asked_.size(); }

 private:
  [[nodiscard]] int take_replies(std::string_view right, LoadStats& stats);

  UniqueFd fd_;
  std::deque<SteadyNow::time_point> asked_;
  std::string in_, out_;
};

}  // namespace tlspolicyd::bench
