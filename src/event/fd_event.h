// Readiness of one descriptor. Does not own the descriptor: destroy this first.
#pragma once

#include <functional>

#include "event/loop.h"

namespace tlspolicyd {

// Destruction cancels. Must not be destroyed from inside its own callback.
class FdEvent {
 public:
  enum class Watch : unsigned char { nothing, read, write, read_write };

  // `on_ready` gets what is ready: read, write or both. Nothing is watched yet.
  FdEvent(Loop& loop, int fd, std::function<void(Watch ready)> on_ready);
  FdEvent(const FdEvent&) = delete;
  FdEvent& operator=(const FdEvent&) = delete;

  // Replaces what is watched; costs nothing where it does not change.
  void watch(Watch what);

 private:
  static void ready(evutil_socket_t fd, short what, void* self) noexcept;

  Loop& loop_;
  int fd_;
  std::function<void(Watch)> on_ready_;
  Watch watched_ = Watch::nothing;
  EventPtr event_;
};

}  // namespace tlspolicyd
