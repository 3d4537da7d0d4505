#include "dns/link/dns_sockets.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "net/connect.h"

namespace tlspolicyd {

DnsSockets::Choice DnsSockets::choose(std::size_t young, std::size_t roomy, std::size_t open, std::size_t most) {
  const bool may_open = open < most;
  if (may_open && (young < kOwn || roomy == 0)) return Choice::open;
  return roomy > 0 ? Choice::share : Choice::wait;
}

DnsSockets::DnsSockets(Loop& loop, Resolver resolver, std::size_t most, Listener listener)
    : loop_(loop), resolver_(std::move(resolver)), most_(most), listener_(std::move(listener)) {}

int DnsSockets::send(DnsTry& each, SteadyTime now) {
  age(now);
  DnsSocket* roomy = young_.size() < kOwn && open() < most_ ? nullptr : any_with_room();
  switch (choose(young_.size(), roomy != nullptr ? 1 : 0, open(), most_)) {
    case Choice::wait: return EAGAIN;
    case Choice::share: return roomy->send(each);
    case Choice::open: break;
  }
  auto fd = connect_to(resolver_, SOCK_DGRAM);
  if (!fd) {  // descriptors or ports ran out: better a shared socket than none
    roomy = is_shortage(fd.error()) ? any_with_room() : nullptr;
    return roomy != nullptr ? roomy->send(each) : fd.error();
  }
  DnsSocket::Events& events = *this;
  young_.push_back(std::make_unique<DnsSocket>(loop_, *std::move(fd), now, random_, events));
  const int error = young_.back()->send(each);
  if (error != 0) end(*young_.back());
  return error;
}

// By lot; from there on the first with room.
DnsSocket* DnsSockets::any_with_room() {
  if (young_.empty()) return nullptr;
  const std::size_t lot = random_.next() % young_.size();
  for (std::size_t i = 0; i < young_.size(); ++i) {
    DnsSocket& socket = *young_[(lot + i) % young_.size()];
    if (socket.has_room()) return &socket;
  }
  return nullptr;
}

void DnsSockets::age(SteadyTime now) {
  const auto first =
      std::find_if(young_.begin(), young_.end(), [now](const Socket& socket) { return now - socket->born() < kYoung; });
  for (auto old = young_.begin(); old != first; ++old) {
    const bool idle = (*old)->unanswered() == 0;
    if (idle) (*old)->close();
    (idle ? ended_ : ending_).push_back(std::move(*old));
  }
  if (first != young_.begin()) listener_.on_change();
  young_.erase(young_.begin(), first);
}

void DnsSockets::sweep(SteadyTime now) {
  age(now);
  ended_.clear();
}

// Where sockets are shared the next question may want it; a question's own ends with it.
void DnsSockets::on_idle(DnsSocket& socket) noexcept {
  const bool young =
      std::any_of(young_.begin(), young_.end(), [&](const Socket& each) { return each.get() == &socket; });
  if (young && young_.size() >= kOwn) return listener_.on_change();
  end(socket);
}

void DnsSockets::end(DnsSocket& socket) {
  socket.close();
  for (auto* const some : {&young_, &ending_}) {
    const auto found =
        std::find_if(some->begin(), some->end(), [&](const Socket& each) { return each.get() == &socket; });
    if (found == some->end()) continue;
    ended_.push_back(std::move(*found));
    some->erase(found);
  }
  listener_.on_change();
}

// Its questions are told one by one, since each may end others.
void DnsSockets::on_retired(DnsSocket& socket, int error) {
  end(socket);
  const DnsOutcome outcome{.kind = error == 0 ? DnsOutcome::Kind::lost : DnsOutcome::Kind::broken,
                           .reply = {},
                           .cause = error == 0 ? "" : error_text(error)};
  while (DnsTry* const each = socket.take_one()) listener_.on_outcome(*each, outcome);
}

}  // namespace tlspolicyd
