#include "dns/link/dns_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tlspolicyd {
namespace {

// More than we offered; servers that do not heed the offer are met with TCP.
constexpr std::size_t kDatagramMax = 4096;
// Datagrams read before other events get their turn, however fast forged ones arrive.
constexpr int kDatagramsPerTurn = 16;
// The kernel counts up to 2304 bytes for a datagram of the 1232 octets that we offer, and a socket
// waits for 128 answers at most.
constexpr int kReceiveBuffer = 128 * 2304;

bool has(const std::vector<std::uint16_t>& ids, std::uint16_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

DnsSocket::DnsSocket(Loop& loop, UniqueFd fd, SteadyTime born, RandomNumbers& random, Events& events)
    : events_(events),
      random_(random),
      born_(born),
      fd_(std::move(fd)),
      event_(loop, fd_.get(), [this](FdEvent::Watch) { on_readable(); }) {
  event_.watch(FdEvent::Watch::read);
}

int DnsSocket::send(DnsTry& each) {
  each.set_id(fresh_id());
  if (!unanswered_.empty()) make_room();
  if (::send(fd_.get(), each.query().data(), each.query().size(), MSG_NOSIGNAL) < 0) return errno;
  each.carrier = this;
  unanswered_.push_back(&each);
  return 0;
}

// Two questions of one socket must not be mistaken for each other, nor an answer that comes late.
std::uint16_t DnsSocket::fresh_id() {
  for (;;) {
    const std::uint16_t id = random_.next();
    const bool taken = has(late_, id) || std::any_of(unanswered_.begin(), unanswered_.end(),
                                                     [id](const DnsTry* each) { return each->id() == id; });
    if (!taken) return id;
  }
}

// As far as the system allows; a question alone needs none.
void DnsSocket::make_room() {
  if (std::exchange(roomy_, true)) return;
  static_cast<void>(::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer));
}

void DnsSocket::leave(DnsTry& each) noexcept {
  each.carrier = nullptr;
  const auto found = std::find(unanswered_.begin(), unanswered_.end(), &each);
  *found = unanswered_.back();
  unanswered_.pop_back();
}

void DnsSocket::forget(DnsTry& each) noexcept {
  leave(each);
  late_.push_back(each.id());
  if (unanswered_.empty() && !closed_) events_.on_idle(*this);
}

DnsTry* DnsSocket::take_one() {
  if (unanswered_.empty()) return nullptr;
  DnsTry* const each = unanswered_.back();
  leave(*each);
  return each;
}

void DnsSocket::close() {
  closed_ = true;
  event_.watch(FdEvent::Watch::nothing);
}

// Where nothing is waited for nothing is looked for, which spares a call after most answers.
void DnsSocket::on_readable() {
  for (int reads = 0; reads < kDatagramsPerTurn && !closed_; ++reads)
    if (!read_one() || unanswered_.empty()) return;
}

// False: nothing is left to read.
bool DnsSocket::read_one() {
  std::array<std::uint8_t, kDatagramMax> buffer;
  const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
  if (size < 0) return on_error(errno);
  const bool whole = static_cast<std::size_t>(size) <= buffer.size();
  on_datagram(Octets(buffer.data(), whole ? static_cast<std::size_t>(size) : buffer.size()), whole);
  return true;
}

bool DnsSocket::on_error(int error) {
  if (error == EINTR) return true;
  if (error != EAGAIN) events_.on_retired(*this, error);
  return false;
}

void DnsSocket::on_datagram(Octets message, bool whole) {
  const auto asked = std::find_if(unanswered_.begin(), unanswered_.end(),
                                  [&](const DnsTry* each) { return is_reply_to(each->query(), message); });
  if (asked == unanswered_.end()) {
    const bool late = message.size() >= 2 && has(late_, static_cast<std::uint16_t>(message[0] << 8 | message[1]));
    if (late) return;
    events_.on_stray();
    if (++strays_ == kStraysMax) events_.on_retired(*this, 0);
    return;
  }
  DnsTry& each = **asked;
  leave(each);
  late_.push_back(each.id());
  const bool idle = unanswered_.empty();
  events_.on_reply(each,
                   {.kind = whole && !is_truncated(message) ? DnsOutcome::Kind::reply : DnsOutcome::Kind::truncated,
                    .reply = message,
                    .cause = {}});
  if (idle && unanswered_.empty() && !closed_) events_.on_idle(*this);
}

}  // namespace tlspolicyd
