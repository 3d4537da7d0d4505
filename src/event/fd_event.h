// Readiness of one descriptor. Does not own the descriptor: destroy this first.
#pragma once

#include <functional>

#include "event/loop.h"

namespace tlspolicyd {

// Destruction cancels. Must not be destroyed from inside its own callback.
class FdEvent {
 public:
  enum class Watch : unsigned char { nothing, read, write, read_write };

  // level: told as long as something is ready. edge: told once for each change, which
  // spares the kernel a second look after every answer; for stream sockets only. Whoever
  // may have left something unread asks with watch_anew().
  enum class Trigger : unsigned char { level, edge };

  // in_turn: what is ready waits in the loop's backlog. at_once: for whoever brings and takes
  // answers.
  enum class Urgency : unsigned char { in_turn, at_once };

  // `on_ready` gets what is ready: read, write or both. Nothing is watched yet.
  FdEvent(Loop& loop, int fd, std::function<void(Watch ready)> on_ready, Urgency urgency = Urgency::in_turn,
          Trigger trigger = Trigger::level);
  FdEvent(const FdEvent&) = delete;
  FdEvent& operator=(const FdEvent&) = delete;

  // Replaces what is watched; costs nothing where it does not change.
  void watch(Watch what);
  // Tells once more what is ready now.
  void watch_anew();
  // edge: no input comes after what has arrived. Told along with what is ready to read, but
  // not where the connection broke.
  [[nodiscard]] bool input_ended() const { return input_ended_; }

 private:
  void add();
  void note(short what);
  void tell();
  static void ready(evutil_socket_t fd, short what, void* self) noexcept;

  Loop& loop_;
  int fd_;
  std::function<void(Watch)> on_ready_;
  Urgency urgency_;
  short extra_;      // flags of libevent, with whatever is watched
  short ready_ = 0;  // flags of libevent, not told yet
  Watch watched_ = Watch::nothing;
  bool input_ended_ = false;
  BacklogTask task_;
  EventPtr event_;
};

}  // namespace tlspolicyd
