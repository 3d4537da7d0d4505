#include "event/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>

#include <csignal>
#include <system_error>

namespace tlspolicyd {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

UniqueFd open_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  UniqueFd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : on_signal_(std::move(on_signal)),
      fd_(open_signals(signals)),
      event_(loop, fd_.get(), [this](FdEvent::Watch) { read_some(); }) {
  event_.watch(FdEvent::Watch::read);
}

void Signals::read_some() {
  signalfd_siginfo info;
  while (read(fd_.get(), &info, sizeof info) == sizeof info) on_signal_(static_cast<int>(info.ssi_signo));
}

}  // namespace tlspolicyd
