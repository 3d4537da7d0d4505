#include "event/fd_event.h"

#include <new>
#include <utility>

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

FdEvent::FdEvent(Loop& loop, int fd, std::function<void(Watch)> on_ready, Urgency urgency, Trigger trigger)
    : loop_(loop),
      fd_(fd),
      on_ready_(std::move(on_ready)),
      urgency_(urgency),
      extra_(trigger == Trigger::edge ? EV_PERSIST | EV_ET | EV_CLOSED : EV_PERSIST),
      task_(loop.backlog(), [this] { tell(); }),
      event_(event_new(&loop.base(), fd, 0, &FdEvent::ready, this)) {
  if (!event_) throw std::bad_alloc();
}

void FdEvent::watch(Watch what) {
  if (what == watched_) return;
  watched_ = what;
  ready_ = static_cast<short>(ready_ & to_flags(what));
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
  run_guarded([&] { static_cast<FdEvent*>(self)->note(what); });
}

void FdEvent::note(short what) {
  input_ended_ = input_ended_ || (what & EV_CLOSED) != 0;
  ready_ = static_cast<short>(ready_ | (what & (EV_READ | EV_WRITE)));
  if (urgency_ == Urgency::at_once) tell();
  else task_.add();
}

// It may have been told not to watch any more while this waited.
void FdEvent::tell() {
  if (const short ready = std::exchange(ready_, 0); ready != 0) on_ready_(to_watch(ready));
}

}  // namespace tlspolicyd
