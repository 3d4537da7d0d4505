#include "dns/link/dns_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "net/connect.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kReadMost = 16384;  // octets in one turn

std::uint16_t id_of(Octets message) { return static_cast<std::uint16_t>(message[0] << 8 | message[1]); }

}  // namespace

DnsConnection::DnsConnection(Loop& loop, UniqueFd fd, const Clock& clock, RandomNumbers& random, Events& events)
    : clock_(clock),
      events_(events),
      random_(random),
      quiet_since_(clock.steady()),
      fd_(std::move(fd)),
      event_(loop, fd_.get(), [this](FdEvent::Watch ready) { on_ready(ready); }) {
  event_.watch(FdEvent::Watch::read);
}

// Written when the kernel is ready, so that no callback runs from here.
void DnsConnection::send(DnsTry& each) {
  if (unanswered() == 0) quiet_since_ = clock_.steady();
  each.set_id(fresh_id());
  each.carrier = this;
  unanswered_.push_back(&each);
  append_framed(out_, each.query());
  event_.watch(FdEvent::Watch::read_write);
}

std::uint16_t DnsConnection::fresh_id() {
  for (;;) {
    const std::uint16_t id = random_.next();
    const bool taken =
        std::find(late_.begin(), late_.end(), id) != late_.end() ||
        std::any_of(unanswered_.begin(), unanswered_.end(), [id](const DnsTry* each) { return each->id() == id; });
    if (!taken) return id;
  }
}

void DnsConnection::leave(DnsTry& each) noexcept {
  each.carrier = nullptr;
  unanswered_.erase(std::find(unanswered_.begin(), unanswered_.end(), &each));
}

void DnsConnection::forget(DnsTry& each) noexcept {
  late_.push_back(each.id());
  leave(each);
}

void DnsConnection::on_ready(FdEvent::Watch ready) {
  if (!closed_ && ready != FdEvent::Watch::read) write_some();
  if (!closed_ && ready != FdEvent::Watch::write) read_some();
}

// A connection that could not be made shows here or at the first read.
void DnsConnection::write_some() {
  const ssize_t size = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (size < 0) return close(error_text(errno));
  out_.erase(out_.begin(), out_.begin() + size);
  if (out_.empty()) event_.watch(FdEvent::Watch::read);
}

void DnsConnection::read_some() {
  std::array<std::uint8_t, kReadMost> buffer;
  const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (size < 0) return close(error_text(errno));
  if (size == 0) return close("connection closed");
  quiet_since_ = clock_.steady();
  in_.add(Octets(buffer.data(), static_cast<std::size_t>(size)));
  while (const auto message = in_.next()) {
    on_message(*message);
    if (closed_) return;
  }
}

// On a connection of our own any other message is the server's fault, not a forger's.
void DnsConnection::on_message(Octets message) {
  const auto found = std::find_if(unanswered_.begin(), unanswered_.end(),
                                  [&](const DnsTry* each) { return is_reply_to(each->query(), message); });
  if (found == unanswered_.end()) {
    return take_late(message) ? events_.on_room() : close("reply to another question over TCP");
  }
  DnsTry& each = **found;
  leave(each);
  served_ = true;
  events_.on_answer(each, {.kind = DnsOutcome::Kind::reply, .reply = message, .cause = {}});
  if (!closed_) events_.on_room();
}

bool DnsConnection::take_late(Octets message) {
  const auto found = message.size() < 2 ? late_.end() : std::find(late_.begin(), late_.end(), id_of(message));
  if (found == late_.end()) return false;
  late_.erase(found);
  return true;
}

// Each that is told may end others.
void DnsConnection::close(const std::string& cause) {
  closed_ = true;
  event_.watch(FdEvent::Watch::nothing);
  const DnsOutcome outcome{
      .kind = served_ ? DnsOutcome::Kind::lost : DnsOutcome::Kind::broken, .reply = {}, .cause = cause};
  while (!unanswered_.empty()) {
    DnsTry& last = *unanswered_.back();
    leave(last);
    events_.on_answer(last, outcome);
  }
  events_.on_closed(*this);
}

}  // namespace tlspolicyd
