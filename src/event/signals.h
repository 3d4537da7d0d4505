// Signals as events on a loop. Not a handler: nothing runs in signal context.
#pragma once

#include <functional>
#include <initializer_list>

#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "event/loop.h"

namespace tlspolicyd {

// Leaves the signals to a Signals object: in this thread and those it starts later. To be
// called before the first of them.
void block_signals(std::initializer_list<int> signals);

// `on_signal` on the loop's thread with the signal's number.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void read_some();

  std::function<void(int)> on_signal_;
  UniqueFd fd_;
  FdEvent event_;
};

}  // namespace tlspolicyd
