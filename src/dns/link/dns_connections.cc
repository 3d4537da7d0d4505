#include "dns/link/dns_connections.h"

#include <sys/socket.h>

#include <algorithm>

#include "net/connect.h"

namespace tlspolicyd {

DnsConnections::DnsConnections(Loop& loop, const Clock& clock, Resolver resolver, Listener listener)
    : loop_(loop), clock_(clock), resolver_(std::move(resolver)), listener_(std::move(listener)) {}

// Idle ones first, then new ones, then whichever has fewest.
int DnsConnections::send(DnsTry& each) {
  DnsConnection* best = least_busy();
  if (open_.size() < kMost && (best == nullptr || best->unanswered() > 0)) {
    const int error = connect();
    if (error != 0 && best == nullptr) return error;
    best = error == 0 ? open_.back().get() : best;
  }
  if (best->unanswered() < kPipelined) {
    best->send(each);
    return 0;
  }
  each.carrier = this;
  waiting_.push_back(&each);
  return 0;
}

DnsConnection* DnsConnections::least_busy() const {
  const auto best = std::min_element(open_.begin(), open_.end(), [](const Connection& a, const Connection& b) {
    return a->unanswered() < b->unanswered();
  });
  return best == open_.end() ? nullptr : best->get();
}

int DnsConnections::connect() {
  auto fd = connect_to(resolver_, SOCK_STREAM);
  if (!fd) return fd.error();
  DnsConnection::Events& events = *this;
  open_.push_back(std::make_unique<DnsConnection>(loop_, *std::move(fd), clock_, random_, events));
  listener_.on_change();
  return 0;
}

void DnsConnections::on_room() noexcept { send_waiting(); }

void DnsConnections::send_waiting() {
  while (!waiting_.empty()) {
    DnsConnection* const best = least_busy();
    if (best == nullptr || best->unanswered() >= kPipelined) return;
    DnsTry& each = *waiting_.front();
    waiting_.pop_front();
    best->send(each);
  }
}

void DnsConnections::forget(DnsTry& each) noexcept {
  each.carrier = nullptr;
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &each));
}

// Those that waited for room find none where the last connection goes: their owners send them again.
void DnsConnections::on_closed(DnsConnection& connection) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const Connection& each) { return each.get() == &connection; });
  ended_.push_back(std::move(*found));
  open_.erase(found);
  listener_.on_change();
  while (open_.empty() && !waiting_.empty()) {
    DnsTry& each = *waiting_.front();
    waiting_.pop_front();
    each.carrier = nullptr;
    listener_.on_outcome(each, {.kind = DnsOutcome::Kind::lost, .reply = {}, .cause = {}});
  }
}

void DnsConnections::sweep() {
  const SteadyTime now = clock_.steady();
  for (std::size_t i = open_.size(); i-- > 0;) {
    if (i >= open_.size()) continue;  // closing one may have ended others
    DnsConnection& each = *open_[i];
    const bool idle = each.unanswered() == 0;
    if (now - each.quiet_since() >= (idle ? kIdle : kStall)) each.close("no answer over TCP");
  }
}

}  // namespace tlspolicyd
