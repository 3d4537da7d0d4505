#include "event/turn_end.h"

#include <new>

namespace tlspolicyd {

TurnEnd::TurnEnd(Loop& loop, std::function<void()> task)
    : task_(std::move(task)), event_(event_new(&loop.base(), -1, 0, &TurnEnd::reached, this)) {
  if (!event_) throw std::bad_alloc();
}

// What is ready stands in libevent's line already; this goes behind it.
void TurnEnd::request() {
  if (!std::exchange(requested_, true)) event_active(event_.get(), EV_TIMEOUT, 0);
}

void TurnEnd::reached(evutil_socket_t, short, void* self) noexcept {
  auto& me = *static_cast<TurnEnd*>(self);
  me.requested_ = false;
  run_guarded(me.task_);
}

}  // namespace tlspolicyd
