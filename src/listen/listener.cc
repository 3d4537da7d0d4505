#include "listen/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>

namespace tlspolicyd {
namespace {

// Connections accepted a turn, and how long that may take where each displaces another: a
// storm of them shares the loop with those that ask.
constexpr int kBatch = 128;
constexpr milliseconds kTurn{2};

// Descriptors also become free elsewhere in the process.
constexpr milliseconds kRetry{1000};

// Not the affair of the one connection that was to be accepted: the next try would fail
// alike. The last three would be a bug, and must not become a busy loop.
bool is_lasting(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EINVAL ||
         error == EBADF || error == ENOTSOCK;
}

}  // namespace

Listener::Listener(Loop& loop, Timers& timers, ListeningSocket socket, Owner& owner)
    : socket_(std::move(socket)),
      owner_(owner),
      event_(
          loop, socket_.fd.get(), [this](FdEvent::Watch) { accept_some(); }, FdEvent::Urgency::at_once),
      retry_(timers.make([this] { resume(); })) {
  event_.watch(FdEvent::Watch::read);
}

void Listener::resume() {
  if (!paused_) return;
  paused_ = false;
  retry_->cancel();
  event_.watch(FdEvent::Watch::read);
}

void Listener::accept_some() {
  const auto end = std::chrono::steady_clock::now() + kTurn;
  for (int i = 0; i < kBatch && accept_one() && std::chrono::steady_clock::now() < end; ++i) {
  }
}

void Listener::accept_rest() {
  for (int i = 0; i < kListenBacklog && !socket_.shared && !paused_ && accept_one(); ++i) {
  }
}

// False when there is nothing more for now.
bool Listener::accept_one() {
  UniqueFd fd(accept4(socket_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int error = fd ? 0 : errno;
  if (fd) owner_.on_accepted(std::move(fd));
  if (is_lasting(error)) pause(error);
  return error != EAGAIN && !is_lasting(error);
}

void Listener::pause(int error) {
  paused_ = true;
  event_.watch(FdEvent::Watch::nothing);
  retry_->start(kRetry);
  owner_.on_starved(*this, error);
}

}  // namespace tlspolicyd
