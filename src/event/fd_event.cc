#include "event/fd_event.h"

#include <new>

namespace tlspolicyd {
namespace {

short to_flags(FdEvent::Watch watch) {
  switch (watch) {
    case FdEvent::Watch::nothing: return 0;
    case FdEvent::Watch::read: return EV_READ;
    case FdEvent::Watch::write: return EV_WRITE;
    case FdEvent::Watch::read_write: return EV_READ | EV_WRITE;
  }
  return 0;
}

FdEvent::Watch to_watch(short what) {
  if ((what & EV_READ) && (what & EV_WRITE)) return FdEvent::Watch::read_write;
  return what & EV_WRITE ? FdEvent::Watch::write : FdEvent::Watch::read;
}

}  // namespace

FdEvent::FdEvent(Loop& loop, int fd, std::function<void(Watch)> on_ready, Trigger trigger)
    : loop_(loop), fd_(fd), on_ready_(std::move(on_ready)),
      extra_(trigger == Trigger::edge ? EV_PERSIST | EV_ET | EV_CLOSED : EV_PERSIST),
      event_(event_new(&loop.base(), fd, 0, &FdEvent::ready, this)) {
  if (!event_) throw std::bad_alloc();
}

void FdEvent::watch(Watch what) {
  if (what == watched_) return;
  watched_ = what;
  add();
}

void FdEvent::watch_anew() { add(); }

void FdEvent::add() {
  event_del(event_.get());
  if (watched_ == Watch::nothing) return;
  const auto flags = static_cast<short>(to_flags(watched_) | extra_);
  event_assign(event_.get(), &loop_.base(), fd_, flags, &FdEvent::ready, this);
  if (event_add(event_.get(), nullptr) != 0) throw std::bad_alloc();
}

void FdEvent::ready(evutil_socket_t, short what, void* self) noexcept {
  auto& me = *static_cast<FdEvent*>(self);
  me.input_ended_ = me.input_ended_ || (what & EV_CLOSED) != 0;
  if ((what & (EV_READ | EV_WRITE)) == 0) return;
  run_guarded([&] { me.on_ready_(to_watch(what)); });
}

}  // namespace tlspolicyd
