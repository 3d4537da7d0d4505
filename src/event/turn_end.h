// Runs a task when all descriptors that were found ready together have been told, and before
// the kernel is asked again. Loop thread only.
#pragma once

#include <functional>

#include "event/loop.h"

namespace tlspolicyd {

class TurnEnd {
 public:
  TurnEnd(Loop& loop, std::function<void()> task);
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;

  // Once at the end of this turn, however often requested.
  void request();

 private:
  static void reached(evutil_socket_t, short, void* self) noexcept;

  std::function<void()> task_;
  bool requested_ = false;
  EventPtr event_;
};

}  // namespace tlspolicyd
